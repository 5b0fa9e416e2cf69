"""What the shards know of tests that somebody asks for by name: whether they exist, and whether they are critical."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.merged import AskedTest
from ci_toolkit.model.node_id import node_id_of, split_node_id
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.quarantine import is_about


def asked_of(fold: JournalFold, asked: Collection[str]) -> tuple[AskedTest, ...]:
    """Return what one shard says of each of ``asked`` whose file it collected; it may lack its parameters."""
    wanted = [test for test in asked if split_node_id(test)[0] in fold.files]
    if not wanted:
        return ()
    paths = {split_node_id(test)[0] for test in wanted}
    held = [test for test in fold.tests() if test.path in paths]
    found = []
    for name in wanted:
        mine = [test for test in held if is_about(name, node_id_of(test.path, test.suffix))]
        file = fold.files[split_node_id(name)[0]]
        found.append(
            AskedTest(
                test=name,
                is_critical=any(test.is_critical for test in mine),
                is_gone=not mine and not (file.deselected or file.removed),
            )
        )
    return tuple(found)


def settled(plan: Plan, asked: Iterable[str], answers: Iterable[Sequence[AskedTest]]) -> tuple[AskedTest, ...]:
    """Return what all shards say together of each of ``asked`` that they know.

    A test is gone if every piece of its file was collected without it, or if the whole suite has no such file.
    """
    of_test: dict[str, list[AskedTest]] = {name: [] for name in sorted(asked)}
    for answer in answers:
        for test in answer:
            of_test[test.test].append(test)
    suite = plan.whole_suite
    units = Counter(unit.path for shard in plan.shards for unit in shard.units)
    found = []
    for name, told in of_test.items():
        path = split_node_id(name)[0]
        if told:
            is_gone = len(told) == units[path] and all(test.is_gone for test in told)
            is_critical = any(test.is_critical for test in told)
            found.append(AskedTest(test=name, is_critical=is_critical, is_gone=is_gone))
        elif suite and path not in suite:
            found.append(AskedTest(test=name, is_gone=True))
    return tuple(found)
