from pathlib import Path

import msgspec
import pytest
from bundle_samples import halves, leave_bundle, merged, piece, plan_of, told
from journal_samples import Attempt, collected, passes, piece_of, uncollectable

from ci_toolkit.merge.merge import merge_run
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.plan import Cut, Plan, Unit
from ci_toolkit.model.problem import ProblemKind
from ci_toolkit.verdict.judge import Thresholds, judge

CUT = halves("test_a.py", ["test_1", "test_2"], ["test_3", "test_4"])
WHOLE = ["test_1", "test_2", "test_3", "test_4"]
PLAN = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)], cuts=[CUT])
SKIPPED = uncollectable("test_a.py", "skipped", "not here")
BROKEN = uncollectable("test_a.py")


def ran(
    number: int, *suffixes: str, whole: list[str] = WHOLE, deselected: int = 0, holds: int | None = None, ids: str = ""
) -> Attempt:
    """The journal of a shard that ran ``suffixes`` as piece ``number``, which ``holds`` tests, of a file of ``whole``."""
    record = piece_of("test_a.py", number, suffixes, whole, ids=ids)
    total = len(suffixes) + deselected if holds is None else holds
    record = msgspec.structs.replace(record, deselected=deselected, piece_total=total)
    return {"main": [record, *(line for test in range(len(suffixes)) for line in passes(test))]}


OTHER_TESTS = (
    "test_a.py holds other tests in one shard than in another, so its pieces cannot be trusted; "
    "make the shards' environments equal. The next plan divides no function of the file"
)


def accounted(number: int, holds: int, tests: int) -> str:
    return f"piece {number} of test_a.py holds {holds} tests; its shard accounts for {tests}"


def skipped_elsewhere(pieces: str) -> str:
    return (
        f"test_a.py skipped itself as a whole where piece {pieces} of 2 was to run, and ran elsewhere; "
        "make the shards' environments equal, or skip its tests one by one"
    )


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        (ran(1, "test_1", "test_2"), ran(2, "test_3", "test_4"), None),
        (ran(1), ran(2, *WHOLE), None),  # names have changed since the plan
        (ran(1, "test_1", deselected=1), ran(2, "test_3", "test_4"), None),
        (ran(1, "test_1", "test_2"), ran(2, "test_3", "test_4", whole=[*WHOLE[:3], "test_5"]), OTHER_TESTS),
        (ran(1, "test_1", "test_2"), ran(2, "test_3", whole=WHOLE[:3]), OTHER_TESTS),
        (ran(1, "test_1", holds=2), ran(2, "test_3", "test_4"), accounted(1, 2, 1)),
        (ran(1, "test_1", "test_2"), ran(2, "test_3", "test_4", holds=1), accounted(2, 1, 2)),
        (ran(1, holds=2), ran(2, holds=2), accounted(1, 2, 0)),
        (ran(1, "test_1", ids="mine"), ran(2, "test_3", "test_4", ids="others"), None),  # each runs what it sees
        (ran(1, "test_1", "test_2"), {"main": [SKIPPED]}, skipped_elsewhere("2")),
        ({"main": [SKIPPED]}, ran(2, "test_3", "test_4"), skipped_elsewhere("1")),
        ({"main": [SKIPPED]}, {"main": [SKIPPED]}, None),
        (ran(1, "test_1", "test_2"), {"main": [BROKEN]}, None),  # that is an error of the file
        (ran(1, "test_1", "test_2"), {"main": []}, None),  # that is lost
    ],
)
def test_pieces_of_a_cut_file_must_add_up_to_the_whole(
    tmp_path: Path, first: Attempt, second: Attempt, wrong: str | None
) -> None:
    leave_bundle(tmp_path, PLAN, 1, first)
    leave_bundle(tmp_path, PLAN, 2, second)
    run = merged(tmp_path, PLAN)
    assert told(run.problems) == ([] if wrong is None else [("pieces-differ", wrong)])
    how = "its pieces add up" if wrong is None else "its pieces do not add up"
    assert run.proof.statement.endswith(f"; 1 cut file, {how}")


def test_a_piece_whose_shard_is_missing_is_lost_and_contradicts_nobody(tmp_path: Path) -> None:
    leave_bundle(tmp_path, PLAN, 1, ran(1, "test_1", "test_2"))
    run = merged(tmp_path, PLAN)
    assert run.problems == ()
    assert [(lost.node_id, lost.shard) for lost in run.lost] == [("test_a.py", 2)]


@pytest.mark.parametrize("second", [{"main": []}, ran(2, "test_3", "test_4")])
def test_ids_are_steady_where_all_that_is_known_of_them_agrees(tmp_path: Path, second: Attempt) -> None:
    leave_bundle(tmp_path, PLAN, 1, {"main": []})
    leave_bundle(tmp_path, PLAN, 2, second)
    assert not [note for note in merged(tmp_path, PLAN).notes if "ids differ" in note]


def test_two_shards_that_see_other_ids_of_a_cut_file_are_never_green(tmp_path: Path) -> None:
    """Thirteen tests with ids of the process's own: each shard takes what it holds for the other's, and runs the rest."""
    ids = [f"test_it[{number}]" for number in range(13)]
    cut = halves("test_a.py", ids[:7], ids[7:])
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)], cuts=[cut])
    elsewhere = [f"test_it[other {number}]" for number in range(13)]
    leave_bundle(tmp_path, plan, 1, ran(1, *ids[:7], whole=ids))
    leave_bundle(tmp_path, plan, 2, ran(2, whole=elsewhere))
    run = merged(tmp_path, plan)
    verdict = judge(run, Thresholds())
    assert (str(verdict.status), verdict.exit_code) == ("incomplete", 5)
    assert [breach.gate for breach in verdict.breaches] == ["pieces-differ"]
    assert (verdict.counts.total, verdict.counts.passed) == (7, 7)
    assert "do not add up" in verdict.proof.statement


def test_each_cut_file_is_proved_by_itself(tmp_path: Path) -> None:
    cuts = [CUT, halves("test_b.py", ["test_1"], ["test_2"])]
    shards = [[piece("test_a.py", number), piece("test_b.py", number)] for number in (1, 2)]
    plan = plan_of(*shards, cuts=cuts)
    whole_b = ["test_1", "test_2"]
    for number, whole_a in ((1, WHOLE), (2, WHOLE[1:])):
        of_a = piece_of("test_a.py", number, WHOLE[:2], whole_a)
        of_b = piece_of("test_b.py", number, [f"test_{number}"], whole_b, first=2)
        leave_bundle(tmp_path, plan, number, {"main": [of_a, of_b, *(line for n in range(3) for line in passes(n))]})
    run = merged(tmp_path, plan)
    assert told(run.problems) == [("pieces-differ", OTHER_TESTS)]
    assert run.proof.statement.endswith("; 2 cut files, their pieces do not add up")


def plan_of_three() -> Plan:
    pieces = tuple(Unit(path="test_a.py", estimated_seconds=1.0, piece=number, pieces=3) for number in (1, 2, 3))
    cut = Cut(path="test_a.py", pieces=(("test_1",), ("test_2",), ("test_3",)))
    return plan_of(*([unit] for unit in pieces), cuts=[cut])


def test_every_piece_that_skipped_itself_is_named(tmp_path: Path) -> None:
    plan = plan_of_three()
    for index, journal in enumerate(({"main": [SKIPPED]}, ran(2, "test_2", whole=WHOLE), {"main": [SKIPPED]}), start=1):
        leave_bundle(tmp_path, plan, index, journal)
    ((_, message),) = told(merged(tmp_path, plan).problems)
    assert message == skipped_elsewhere("1, 3").replace("of 2", "of 3")


def test_two_of_three_pieces_are_compared_and_not_added_up(tmp_path: Path) -> None:
    plan = plan_of_three()
    whole = ["test_1", "test_2", "test_3"]
    leave_bundle(tmp_path, plan, 1, ran(1, "test_1", whole=whole))
    leave_bundle(tmp_path, plan, 2, ran(2, "test_2", whole=whole))
    assert merged(tmp_path, plan).problems == ()
    leave_bundle(tmp_path, plan, 3, ran(3, "test_3", whole=["test_1", "test_2", "test_4"]))
    assert told(merged(tmp_path, plan).problems) == [("pieces-differ", OTHER_TESTS)]


def test_ids_that_differ_from_process_to_process_are_noted(tmp_path: Path) -> None:
    leave_bundle(tmp_path, PLAN, 1, ran(1, "test_1", ids="mine"))
    leave_bundle(tmp_path, PLAN, 2, ran(2, "test_3", ids="others"))
    (note,) = merged(tmp_path, PLAN).notes
    assert note == ("test ids differ from process to process, so no function is divided between shards: test_a.py")


def test_the_proof_counts_what_was_planned_collected_and_run(tmp_path: Path) -> None:
    plan = plan_of(["test_a.py", "test_b.py"], ["test_c.py"], ["test_d.py", "test_e.py"])
    journal = [collected("test_a.py", "test_1", "test_2"), uncollectable("test_b.py"), *passes(0)]
    leave_bundle(tmp_path, plan, 1, {"main": journal})
    leave_bundle(
        tmp_path,
        plan,
        2,
        {"main": [collected("test_c.py", "test_1", "test_2"), *passes(0)]},
        state=ShardState.STOPPED,
        stopped_by=StopKind.MAXFAIL,
    )
    proof = merged(tmp_path, plan).proof
    assert (proof.planned_files, proof.collected_files, proof.collected_tests, proof.outcomes) == (5, 2, 7, 3)
    assert proof.statement == (
        "2 of 5 planned files collected, each by the one shard that the plan names; "
        "7 tests, 3 with one outcome, 3 lost, 1 left out; no file cut"
    )


def test_the_proof_of_a_whole_run_says_so(tmp_path: Path) -> None:
    leave_bundle(tmp_path, PLAN, 1, ran(1, "test_1", "test_2"))
    leave_bundle(tmp_path, PLAN, 2, ran(2, "test_3", "test_4"))
    assert merged(tmp_path, PLAN).proof.statement == (
        "1 of 1 planned files collected, each by the one shard that the plan names; "
        "4 tests, 4 with one outcome, 0 lost; 1 cut file, its pieces add up"
    )


def test_a_torn_file_is_a_problem_of_the_run_and_of_no_shard(tmp_path: Path) -> None:
    leave_bundle(tmp_path, PLAN, 1, ran(1, "test_1", holds=2))
    leave_bundle(tmp_path, PLAN, 2, ran(2, "test_3", "test_4"))
    problems = merged(tmp_path, PLAN).problems
    assert {problem.kind for problem in problems} == {ProblemKind.PIECES_DIFFER}
    assert [problem.shard for problem in problems] == [0]  # of the run


def learned(folder: Path, plan: Plan) -> list[tuple[dict[str, float], bool]]:
    """What history keeps of each file: its tests with their seconds, and whether these are all."""
    run = merge_run(plan, folder, folder / "out", tell=lambda _: None, learns=True)
    decode = msgspec.json.decode
    return [
        (dict(zip(decode(file.suffixes), decode(file.seconds), strict=True)), file.is_whole)
        for _, file in run.history.files
    ]


RANDOM = halves("test_a.py", ["test_1"], ["test_2"])
ONE, TWO = ["test_1[0.1]", "test_1[0.2]"], ["test_2[0.3]"]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (ran(1, *ONE), ran(2, *TWO), ([*ONE, *TWO], True)),
        (ran(1, *ONE, ids="mine"), ran(2, *TWO, ids="others"), (["test_1", "test_2"], True)),
        (ran(1, *ONE, deselected=1), ran(2, *TWO), ([*ONE, *TWO], False)),
        (ran(1, *ONE, whole=["a"]), ran(2, *TWO, whole=["b"]), (["test_1", "test_2"], False)),  # torn
        (ran(1, *ONE), {"main": []}, (ONE, False)),  # the other piece is lost
        (ran(1, *ONE, holds=3), ran(2, *TWO), None),  # the journal itself is in doubt
    ],
)
def test_history_keeps_ids_that_come_back_and_functions_where_they_do_not(
    tmp_path: Path, first: Attempt, second: Attempt, kept: tuple[list[str], bool] | None
) -> None:
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)], cuts=[RANDOM])
    leave_bundle(tmp_path, plan, 1, first)
    leave_bundle(tmp_path, plan, 2, second)
    found = [(sorted(tests), is_whole) for tests, is_whole in learned(tmp_path, plan)]
    assert found == ([] if kept is None else [kept])


def test_what_is_kept_of_a_function_is_the_sum_of_its_tests(tmp_path: Path) -> None:
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)], cuts=[RANDOM])
    leave_bundle(tmp_path / "same", plan, 1, ran(1, *ONE))
    leave_bundle(tmp_path / "same", plan, 2, ran(2, *TWO))
    leave_bundle(tmp_path / "other", plan, 1, ran(1, *ONE, ids="mine"))
    leave_bundle(tmp_path / "other", plan, 2, ran(2, *TWO, ids="others"))
    ((by_id, _),) = learned(tmp_path / "same", plan)
    ((by_function, _),) = learned(tmp_path / "other", plan)
    assert by_function["test_1"] == pytest.approx(sum(by_id[suffix] for suffix in ONE))


def needing(*names: str, offers: tuple[str, ...] = ()) -> Attempt:
    """The journal of a shard whose one test depends on ``names``, none of which runs there."""
    file = "test_b.py" if names else "test_a.py"
    record = msgspec.structs.replace(collected(file, "test_1"), needs=tuple((0, name) for name in names), offers=offers)
    return {"main": [record, *passes(0)]}


@pytest.mark.parametrize(
    ("first", "second", "separated"),
    [
        (needing(offers=("test_a.py::test_1",)), needing("test_a.py::test_1"), True),
        (needing(offers=("made", "test_a.py::made")), needing("made", "unknown"), True),
        (
            needing(offers=("test_a.py::test_1",)),
            needing("test_a.py::test_2"),
            False,
        ),  # nobody ran it: plain pytest too
        (needing(), needing("test_a.py::test_1"), False),
    ],
)
def test_a_test_whose_dependency_ran_in_another_shard_is_a_problem(
    tmp_path: Path, first: Attempt, second: Attempt, separated: object
) -> None:
    plan = plan_of(["test_a.py"], ["test_b.py"])
    leave_bundle(tmp_path, plan, 1, first)
    leave_bundle(tmp_path, plan, 2, second)
    problems = merged(tmp_path, plan).problems
    assert [(problem.kind, problem.shard) for problem in problems] == (
        [(ProblemKind.TESTS_SEPARATED, 2)] if separated else []
    )
    assert all("test_b.py::test_1 was skipped in shard 2, for it depends on" in problem.message for problem in problems)


@pytest.mark.parametrize(("count", "told"), [(0, "0 tests, "), (1, "1 test, "), (2, "2 tests, ")])
def test_the_proof_counts_tests_in_words(tmp_path: Path, count: int, told: str) -> None:
    plan = plan_of(["test_a.py"])
    names = [f"test_{number}" for number in range(count)]
    journal = [collected("test_a.py", *names), *(line for number in range(count) for line in passes(number))]
    leave_bundle(tmp_path, plan, 1, {"main": journal})
    assert f"; {told}{count} with one outcome" in merged(tmp_path, plan).proof.statement
