from collections.abc import Callable, Sequence

import pytest

from ci_toolkit.model.replay import Cause, Dependence, Dependency, Replayed
from ci_toolkit.verdict.forensics import Forensics

VICTIM = "test_v.py::test_victim"
BEFORE = tuple(f"test_{file}.py::test_{number}" for file in "abcd" for number in range(8))
PASSED, FAILED, OTHERWISE = (
    Replayed(failed=False),
    Replayed(failed=True, signature="s1", likeness="s", why="E: s"),
    Replayed(failed=True, signature="t", likeness="t"),
)
UNKNOWN = Replayed(failed=None, why="the process died")
World = Callable[[Sequence[str], int, Sequence[str]], Replayed]


class Machine:
    """Answers replays as its world has it, and counts them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.runs = 0

    def __call__(self, before: Sequence[str], *, go: int = 0, files: Sequence[str] = ()) -> Replayed:
        self.runs += 1
        return self._world(before, go, files)


def told(world: World, *, others: Sequence[str] = BEFORE, tries: int = 3, most: int = 5) -> tuple[Dependency, int]:
    machine = Machine(world)
    forensics = Forensics(VICTIM, BEFORE, others, machine, tries=tries, most_causes=most)
    return forensics.find(), machine.runs


def polluted_by(*polluters: str) -> World:
    return lambda before, _, __: FAILED if set(polluters) & set(before) else PASSED


def test_a_polluter_is_found_among_32_in_few_runs_and_it_is_seen_that_the_test_passes_without_it() -> None:
    found, runs = told(polluted_by(BEFORE[5]))
    assert (found.kind, found.causes, found.has_more) == (Dependence.POLLUTED, (Cause(tests=(BEFORE[5],)),), False)
    assert (found.before, found.failed, found.tries, found.why) == (32, 1, 1, "E: s")
    assert runs <= 2 + 5 + 1 + 2  # alone, the order; five halvings; the polluter; its import; all but it


def test_every_polluter_is_found_and_one_that_was_not_looked_for_is_said() -> None:
    polluters = (BEFORE[3], BEFORE[17], BEFORE[30])
    found, _ = told(polluted_by(*polluters))
    assert {cause.tests[0] for cause in found.causes} == set(polluters)
    assert not found.has_more
    found, _ = told(polluted_by(*polluters), most=2)
    assert (len(found.causes), found.has_more) == (2, True)


def test_tests_that_pollute_only_together_are_one_cause() -> None:
    pair = (BEFORE[2], BEFORE[20])
    found, _ = told(lambda before, _, __: FAILED if set(pair) <= set(before) else PASSED)
    assert found.causes == (Cause(tests=pair),)


def test_a_polluter_that_does_so_at_its_import_is_told_and_all_of_its_file_is_one_cause() -> None:
    def world(before: Sequence[str], _: int, files: Sequence[str]) -> Replayed:
        return FAILED if any(name.startswith("test_b.py") for name in (*before, *files)) else PASSED

    found, _ = told(world)
    assert found.causes == (Cause(tests=(BEFORE[15],), by_import=True),)
    assert not found.has_more


def test_a_test_that_fails_alone_in_another_way_is_polluted_all_the_same() -> None:
    found, _ = told(lambda before, _, __: FAILED if BEFORE[9] in before else OTHERWISE)
    assert (found.kind, found.causes) == (Dependence.POLLUTED, (Cause(tests=(BEFORE[9],)),))


def test_what_sets_up_a_brittle_test_is_found() -> None:
    needed = (BEFORE[4], BEFORE[11])
    found, runs = told(lambda before, _, __: PASSED if set(needed) <= set(before) else FAILED)
    assert (found.kind, found.causes) == (Dependence.BRITTLE, (Cause(tests=needed),))
    assert runs <= 2 + 2 * 6


def test_what_sets_up_a_brittle_test_can_have_run_in_another_shard() -> None:
    others = ("test_x.py::test_setup", *BEFORE)
    found, _ = told(lambda before, _, __: PASSED if others[0] in before else FAILED, others=others)
    assert (found.kind, found.causes) == (Dependence.BRITTLE, (Cause(tests=(others[0],)),))


@pytest.mark.parametrize(
    ("world", "kind", "failed", "tries"),
    [
        (lambda *_: FAILED, Dependence.ALWAYS, 1, 1),
        (lambda *_: PASSED, Dependence.NOT_SEEN, 0, 3),
        (lambda _, go, __: FAILED if go == 1 else PASSED, Dependence.UNSTEADY, 1, 2),
        (lambda *_: UNKNOWN, Dependence.UNKNOWN, 0, 1),
        (lambda before, *_: UNKNOWN if before else FAILED, Dependence.UNKNOWN, 0, 1),
    ],
    ids=["it fails by itself", "it is not seen", "it fails now and then", "nobody knows", "a test before it kills"],
)
def test_what_has_no_cause_before_it(world: World, kind: Dependence, failed: int, tries: int) -> None:
    found, runs = told(world)
    assert (found.kind, found.causes, found.failed, found.tries) == (kind, (), failed, tries)
    assert runs <= 5


def test_a_polluter_that_works_now_and_then_takes_more_tries() -> None:
    found, _ = told(lambda before, go, _: FAILED if go == 2 and BEFORE[7] in before else PASSED)
    assert (found.kind, found.causes, found.failed, found.tries) == (
        Dependence.POLLUTED,
        (Cause(tests=(BEFORE[7],)),),
        1,
        3,
    )


def test_where_a_part_of_the_order_kills_the_process_that_is_no_failure_of_the_test() -> None:
    def world(before: Sequence[str], _: int, __: Sequence[str]) -> Replayed:
        if BEFORE[12] in before and BEFORE[0] not in before:
            return UNKNOWN
        return FAILED if BEFORE[25] in before else PASSED

    assert told(world)[0].causes == (Cause(tests=(BEFORE[25],)),)


def test_a_test_that_ran_first_has_nobody_before_it() -> None:
    machine = Machine(lambda *_: FAILED)
    found = Forensics(VICTIM, (), (), machine, tries=3, most_causes=5).find()
    assert (found.kind, machine.runs) == (Dependence.ALWAYS, 1)


def test_what_others_left_in_the_message_makes_it_no_other_failure() -> None:
    def world(before: Sequence[str], _: int, __: Sequence[str]) -> Replayed:
        said = f"left: {len(before)}"
        return Replayed(failed=True, signature=said, likeness="s", why=said) if BEFORE[13] in before else PASSED

    assert told(world)[0].causes == (Cause(tests=(BEFORE[13],)),)


def test_an_import_is_not_tried_where_a_replay_has_shown_that_it_does_no_harm() -> None:
    asked: list[Sequence[str]] = []

    def world(before: Sequence[str], _: int, files: Sequence[str]) -> Replayed:
        asked.append(files)
        return FAILED if BEFORE[3] in before else PASSED

    told(world)
    assert not any(asked)
