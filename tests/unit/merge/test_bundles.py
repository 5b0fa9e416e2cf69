import os
from pathlib import Path
from typing import Any

import pytest
from bundle_samples import bundle_of, leave_bundle, merged, plan_of, told, write_card
from journal_samples import collected, passes

from ci_toolkit.errors import FormatError
from ci_toolkit.merge.bundles import LARGEST_CARD, open_delivery, service_logs
from ci_toolkit.model.bundle import CARD_NAME, ShardState, StopKind

PLAN = plan_of(["test_a.py"], ["test_b.py"])
OTHER_PLAN = plan_of(["test_c.py"])
OTHER_RUN = PLAN.of_run("run-2")


def leave_both(results: Path) -> tuple[Path, Path]:
    """The bundles of a run in which both tests passed."""
    first = leave_bundle(results, PLAN, 1, {"main": [collected("test_a.py", "test_1"), *passes(0)]})
    return first, leave_bundle(results, PLAN, 2, {"main": [collected("test_b.py", "test_1"), *passes(0)]})


def found(results: Path) -> tuple[list[int], list[tuple[str, str]]]:
    delivery = open_delivery(results, PLAN)
    return [*delivery.bundles], told(delivery.problems)


def test_each_shard_has_its_bundle(tmp_path: Path) -> None:
    first, second = leave_both(tmp_path)
    delivery = open_delivery(tmp_path, PLAN)
    assert {index: bundle.folder for index, bundle in delivery.bundles.items()} == {1: str(first), 2: str(second)}
    assert (delivery.problems, delivery.superseded) == ((), ())


def test_without_the_folder_of_results_there_is_nothing_to_merge(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no folder"):
        open_delivery(tmp_path / "nowhere", PLAN)


@pytest.mark.parametrize(("depth", "is_found"), [(1, True), (3, True), (4, True), (5, False)])
def test_a_bundle_may_lie_in_folders_of_an_artifact(tmp_path: Path, depth: int, *, is_found: bool) -> None:
    first, _ = leave_both(tmp_path / "made")
    artifact = tmp_path.joinpath("results", *"abcdefg"[: depth - 1])
    artifact.mkdir(parents=True)
    first.rename(artifact / "shard-1")
    assert found(tmp_path / "results") == ([1] if is_found else [], [])


def test_what_lies_in_a_bundle_is_no_bundle(tmp_path: Path) -> None:
    first, second = leave_both(tmp_path)
    second.rename(first / "services")
    assert found(tmp_path) == ([1], [])


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"schema": 99}', b"[" * 100_000, b"\xff"])
def test_a_card_that_cannot_be_read_is_a_problem_and_its_shard_is_missing(tmp_path: Path, text: bytes) -> None:
    first, _ = leave_both(tmp_path)
    (first / CARD_NAME).write_bytes(text)
    run = merged(tmp_path, PLAN)
    ((kind, message),) = told(run.problems)
    assert kind == "bundle-unreadable"
    assert message.startswith(str(first / CARD_NAME))
    assert [(shard.index, str(shard.state)) for shard in run.shards] == [(1, "missing"), (2, "finished")]
    assert [(lost.node_id, lost.shard, lost.reason) for lost in run.lost] == [
        ("test_a.py", 1, "shard 1 left no bundle that counts")
    ]


def test_a_card_that_is_too_large_a_link_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    first, second = leave_both(tmp_path)
    with (first / CARD_NAME).open("ab") as card:
        card.truncate(LARGEST_CARD + 1)
    (second / CARD_NAME).rename(tmp_path / "elsewhere")
    (second / CARD_NAME).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "third").mkdir()
    os.mkfifo(tmp_path / "third" / CARD_NAME)
    shards, problems = found(tmp_path)
    assert shards == []
    assert [kind for kind, _ in problems] == ["bundle-unreadable"] * 3
    assert f"{first / CARD_NAME} is larger than {LARGEST_CARD} bytes, which no card is" in [
        text for _, text in problems
    ]


def test_a_bundle_of_another_plan_does_not_count(tmp_path: Path) -> None:
    folder = leave_bundle(tmp_path, OTHER_PLAN, 1, {"main": []})
    message = f"{folder} followed another plan ({OTHER_PLAN.plan_id[:12]}, not {PLAN.plan_id[:12]})"
    assert found(tmp_path) == ([], [("bundle-of-another-plan", message)])


def test_a_bundle_of_another_run_of_an_equal_plan_does_not_count(tmp_path: Path) -> None:
    assert OTHER_RUN.plan_id == PLAN.plan_id
    folder = leave_bundle(tmp_path, OTHER_RUN, 1, {"main": []})
    message = f"{folder} is of another run of the same plan, so it says nothing about this one"
    assert found(tmp_path) == ([], [("bundle-of-another-run", message)])


@pytest.mark.parametrize("index", [0, -1, 3])
def test_a_bundle_of_a_shard_that_the_plan_does_not_have_does_not_count(tmp_path: Path, index: int) -> None:
    folder = leave_bundle(tmp_path, PLAN, index, {"main": []})
    message = f"{folder} says that it is shard {index} of 2"
    assert found(tmp_path) == ([], [("bundle-unreadable", message)])


def test_of_two_bundles_of_one_shard_that_are_as_new_none_counts(tmp_path: Path) -> None:
    one = leave_bundle(tmp_path / "one", PLAN, 1, {"main": []})
    other = leave_bundle(tmp_path / "other", PLAN, 1, {"main": []})
    message = f"shard 1 is there 2 times, and none of them is the newest: {one}, {other}"
    assert found(tmp_path) == ([], [("bundle-twice", message)])


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"run_attempt": 1}, {"run_attempt": 2}),
        ({"began_at": 1.0}, {"began_at": 2.0}),
        ({"run_attempt": 1, "began_at": 2.0}, {"run_attempt": 2, "began_at": 1.0}),
        ({"state": ShardState.RUNNING, "run_attempt": 2}, {"run_attempt": 1}),
        ({"state": ShardState.BROKEN, "run_attempt": 2}, {"run_attempt": 1}),
        ({"state": ShardState.STOPPED, "run_attempt": 2}, {"run_attempt": 1}),
        (
            {"run_attempt": 1},
            {"run_attempt": 2, "state": ShardState.STOPPED, "stopped_by": StopKind.BUDGET},
        ),
    ],
)
def test_the_newest_try_of_a_shard_that_came_to_its_end_counts(
    tmp_path: Path, older: dict[str, Any], newer: dict[str, Any]
) -> None:
    earlier = leave_bundle(tmp_path / "b", PLAN, 1, {"main": []}, **older)
    counts = leave_bundle(tmp_path / "a", PLAN, 1, {"main": []}, **newer)
    delivery = open_delivery(tmp_path, PLAN)
    assert delivery.bundles[1].folder == str(counts)
    assert [bundle.folder for bundle in delivery.superseded] == [str(earlier)]
    assert delivery.problems == ()


def test_a_bundle_names_only_logs_of_services_that_it_holds(tmp_path: Path) -> None:
    folder, _ = leave_both(tmp_path)
    (folder / "services").mkdir()
    for name in ("postgresql.log", "linked.log"):
        (folder / "services" / name).write_text("ready")
    (folder / "secret.log").write_text("mine")
    (folder / "services" / "linked.log").unlink()
    (folder / "services" / "linked.log").symlink_to(folder / "secret.log")
    listed = (
        "services/postgresql.log",
        "services/linked.log",
        "services/gone.log",
        "services/../secret.log",
        "services/..",
        "secret.log",
        str(folder / "secret.log"),
    )
    write_card(folder, PLAN, 1, service_logs=listed)
    assert service_logs(bundle_of(tmp_path, PLAN)) == (str(folder / "services/postgresql.log"),)
