import pytest

from ci_toolkit.merge.asked import asked_of, settled
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import CollectedTest, FileCollected
from ci_toolkit.model.merged import AskedTest
from ci_toolkit.model.plan import Plan, PlannedShard, Unit
from ci_toolkit.model.process_fold import ProcessFold

ASKED = ("a.py::test_a", "a.py::test_b[1]", "a.py::test_gone", "other.py::test_a")


def a_fold(*suffixes: str, path: str = "a.py", deselected: int = 0, critical: tuple[int, ...] = ()) -> JournalFold:
    fold = JournalFold(1)
    tests = tuple(CollectedTest(suffix=suffix) for suffix in suffixes)
    process = ProcessFold(fold, "1-main.jsonl")
    process.take(FileCollected(path=path, first=0, tests=tests, deselected=deselected, critical=critical))
    return fold


def a_plan(*shards: tuple[str, ...], arguments: tuple[str, ...] = ()) -> Plan:
    planned = tuple(
        PlannedShard(
            index=index,
            estimated_seconds=1.0,
            units=tuple(Unit(path=path, estimated_seconds=1.0) for path in paths),
        )
        for index, paths in enumerate(shards, start=1)
    )
    return Plan(shards=planned, lower_bound_seconds=1.0, makespan_seconds=1.0, arguments=arguments)


def test_a_shard_says_which_of_its_files_tests_it_holds() -> None:
    found = asked_of(a_fold("test_a[1]", "test_a[2]", "test_b[1]", critical=(1,)), ASKED)
    assert found == (
        AskedTest(test="a.py::test_a", is_critical=True),
        AskedTest(test="a.py::test_b[1]"),
        AskedTest(test="a.py::test_gone", is_gone=True),
    )


def test_what_may_have_been_deselected_is_not_gone() -> None:
    assert asked_of(a_fold("test_a", deselected=1), ("a.py::test_gone",)) == (AskedTest(test="a.py::test_gone"),)
    assert asked_of(a_fold("test_a"), ()) == ()


GONE, THERE = AskedTest(test="a.py::test_a", is_gone=True), AskedTest(test="a.py::test_a")


@pytest.mark.parametrize(
    ("plan", "answers", "found"),
    [
        (a_plan(("a.py",)), [[GONE]], (GONE,)),
        (a_plan(("a.py",), ("a.py",)), [[GONE], [GONE]], (GONE,)),
        (a_plan(("a.py",), ("a.py",)), [[GONE], [THERE]], (THERE,)),
        (a_plan(("a.py",), ("a.py",)), [[GONE]], (THERE,)),
        (a_plan(("a.py",)), [[]], ()),
        (a_plan(("b.py",)), [[]], (GONE,)),
        (a_plan(("b.py",), arguments=("b.py",)), [[]], ()),
    ],
    ids=["gone", "of each piece", "in one piece", "one piece is lost", "not collected", "no such file", "a part"],
)
def test_a_test_is_gone_only_where_all_that_could_hold_it_was_seen(
    plan: Plan, answers: list[list[AskedTest]], found: tuple[AskedTest, ...]
) -> None:
    assert settled(plan, ("a.py::test_a",), answers) == found
