import math

import msgspec
import pytest
from workloads import assigned, contents, file_of, work_of

from ci_toolkit.model.plan import Cut, Unit
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.planned_shards import planned_shards
from ci_toolkit.plan.workload import Workload

WORK = work_of([1, 2, 3], [4], [5, 6], setup=10.0)


def test_a_shard_pays_the_setup_of_a_file_once() -> None:
    assignment = assigned(WORK, [(0, [0]), (0, [2]), 1], [(0, [1])], [2])
    assert assignment.loads == [28.0, 12.0, 21.0]
    assert (assignment.makespan, assignment.pieces) == (28.0, 4)
    assert [assignment.setup_due(0, shard) for shard in range(3)] == [0.0, 0.0, 10.0]


def test_fragments_are_known_by_the_shard_that_has_them() -> None:
    assignment = assigned(WORK, [(0, [0, 2]), 1], [(0, [1])], [2])
    assert [assignment.fragments_on(0, shard) for shard in range(2)] == [[0, 2], [1]]
    assert [assignment.count_on(0, shard) for shard in range(2)] == [2, 1]
    assert (assignment.fragments_on(2, 2), assignment.count_on(2, 2)) == ([0, 1], 2)


def test_an_item_is_a_whole_file_or_fragments_of_several() -> None:
    assignment = Assignment(WORK, 2)
    assignment.assign_item(((1, ()),), 0)
    assignment.assign_item(((0, (1, 2)), (2, (0,))), 1)
    assert assignment.parts == [{1: 4.0}, {0: 5.0, 2: 5.0}]
    assert assignment.owners == {0: [-1, 1, 1], 2: [1, -1]}


def test_all_that_a_shard_has_of_a_file_moves() -> None:
    assignment = assigned(WORK, [(0, [0, 2]), 1], [(0, [1])], [2])
    assignment.move(0, 0, 2)
    assert contents(assignment) == [{1: [0]}, {0: [1]}, {0: [0, 2], 2: [0, 1]}]
    assert assignment.loads == [14.0, 12.0, 35.0]
    assignment.move(0, 1, 2)
    assert (assignment.owners, assignment.parts[2][0], assignment.loads[2]) == ({}, 6.0, 37.0)


def test_some_fragments_move_and_cut_a_whole_file() -> None:
    assignment = assigned(WORK, [0, 1], [2], [])
    assignment.move_fragments(0, [1], 0, 2)
    assert assignment.owners == {0: [0, 2, 0]}
    assert assignment.loads == [28.0, 21.0, 12.0]
    assert [parts.get(0) for parts in assignment.parts] == [4.0, None, 2.0]
    assignment.move_fragments(0, [0, 2], 0, 2)
    assert (assignment.owners, assignment.loads) == ({}, [14.0, 21.0, 16.0])


def test_loads_are_summed_anew_and_cuts_that_came_together_are_forgotten() -> None:
    assignment = assigned(WORK, [(0, [0, 1]), (0, [2])], [1], [(2, [0])])
    assignment.assign_fragments(2, [1], 1)
    assignment.loads = [0.0] * 3
    assert assignment.consolidate() is assignment
    assert assignment.owners == {2: [2, 1]}
    assert assignment.loads == [16.0, 30.0, 15.0]


def test_the_spread_of_a_shard_is_of_each_file_as_much_as_is_there() -> None:
    files = [file_of("a", 2.0, 6.0, spread=4.0), file_of("b", 0.25, 0.25, spread=3.0), file_of("c", 0.0, spread=5.0)]
    assignment = assigned(Workload(files), [(0, [0]), (1, [0])], [(0, [1]), (1, [1]), 2])
    assert assignment.spread(0) == pytest.approx(math.hypot(1.0, 1.5))
    assert assignment.spread(1) == pytest.approx(math.hypot(3.0, 1.5, 5.0))


def test_planned_shards_name_their_files_pieces_and_services() -> None:
    files = [
        file_of("a", 1.0, 2.0, 3.0, setup=10.0, spread=6.0, category="unit"),
        file_of("b", 4.0, category="e2e"),
        file_of("c", 5.0, category="unit"),
    ]
    assignment = assigned(Workload(files), [(0, [1]), 1], [(0, [0, 2]), 2], []).consolidate()
    services = (("unit", ("redis",)), ("e2e", ("redis", "postgresql")), ("other", ("clickhouse",)))
    shards, cuts = planned_shards(assignment, services)
    assert cuts == (Cut(path="a.py", pieces=(("test_0", "test_2"), ("test_1",))),)
    assert [shard.units for shard in shards] == [
        (Unit(path="a.py", estimated_seconds=12.0, piece=2, pieces=2), Unit(path="b.py", estimated_seconds=4.0)),
        (Unit(path="a.py", estimated_seconds=14.0, piece=1, pieces=2), Unit(path="c.py", estimated_seconds=5.0)),
        (),
    ]
    assert [shard.index for shard in shards] == [1, 2, 3]
    assert [shard.estimated_seconds for shard in shards] == [16.0, 19.0, 0.0]
    assert [shard.spread_seconds for shard in shards] == pytest.approx([2.0, 4.0, 0.0])
    assert [shard.category for shard in shards] == ["", "unit", ""]
    assert [shard.services for shard in shards] == [("postgresql", "redis"), ("redis",), ()]


def test_a_shard_needs_the_services_of_the_categories_that_its_files_speak_of() -> None:
    marked = msgspec.structs.replace(file_of("a", 1.0), mentions=("e2e",))
    assignment = assigned(Workload([marked]), [0])
    (shard,), _ = planned_shards(assignment, (("e2e", ("clickhouse",)), ("unit", ("redis",))))
    assert (shard.category, shard.services) == ("", ("clickhouse",))
