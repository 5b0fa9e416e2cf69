import math

import pytest
from workloads import contents, file_of, work_of

from ci_toolkit.plan.balance import assign_largest_first, balance, items_of, pinned_files
from ci_toolkit.plan.fragments import Fragment
from ci_toolkit.plan.request import Keep
from ci_toolkit.plan.workload import Workload

WHOLE = math.inf


def test_a_file_within_its_cap_is_one_item_and_one_above_it_is_cut() -> None:
    work = work_of([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1])
    assert items_of(work, [4.0, 2.0, 3.9]) == [
        ((0, ()),),
        ((1, (0, 1)),),
        ((1, (2, 3)),),
        ((2, (0, 1)),),
        ((2, (2, 3)),),
    ]


def test_the_setup_of_a_file_counts_in_each_of_its_pieces() -> None:
    assert items_of(work_of([1, 1, 1, 1], setup=1.0), [3.0]) == [((0, (0, 1)),), ((0, (2, 3)),)]
    assert items_of(work_of([1, 1, 1, 1], setup=1.0), [5.0]) == [((0, ()),)]


def test_a_file_that_cannot_be_cut_is_whole_whatever_its_cap() -> None:
    assert items_of(work_of([9], [9, 9], keep=Keep.MODULE), [1.0, 1.0]) == [((0, ()),), ((1, ()),)]


def test_a_file_without_tests_is_whole_however_long_its_import_takes() -> None:
    work = Workload([file_of("empty", setup=9.0), file_of("other", 1.0)])
    assert items_of(work, [1.0, 1.0]) == [((0, ()),), ((1, ()),)]
    files = [file_of("empty", setup=6.0), file_of("long", 8.0, 6.0, 2.0, 4.0, 6.0), file_of("short", 3.0)]
    on = contents(balance(Workload(files), 3))
    assert len([shard for shard in on if 0 in shard]) == 1


@pytest.mark.parametrize(
    ("setup", "is_whole"),
    [(7.9, False), (8.1, True)],  # the tests take 4 seconds
)
def test_a_file_whose_setup_takes_far_longer_than_its_tests_is_not_cut(setup: float, *, is_whole: bool) -> None:
    work = Workload([file_of("costly", 1.0, 1.0, 1.0, 1.0, setup=setup)])
    pieces = [shard for shard in contents(balance(work, 2)) if shard]
    assert (len(pieces) == 1) is is_whole
    assert work.bound(9) == (setup + 4.0 if is_whole else setup + 1.0)


GROUPED = Workload(
    [
        file_of("a", 1.0, 2.0, 3.0, groups=(("test_0", "db"), ("test_2", "cache"))),
        file_of("b", 4.0, 5.0, groups=(("test_1", "db"),)),
        file_of("c", 6.0, groups=(("test_0", "cache"),)),
        file_of("d", 7.0, 7.0, groups=(("test_0", "alone"),)),
    ],
    Keep.XDIST_GROUP,
)


def test_a_group_over_several_files_is_one_item_and_the_rest_of_these_files_others() -> None:
    assert items_of(GROUPED, [WHOLE] * 4) == [
        ((0, (2,)), (2, (0,))),  # cache
        ((0, (0,)), (1, (1,))),  # db
        ((0, (1,)),),
        ((1, (0,)),),
        ((3, ()),),
    ]
    assert pinned_files(GROUPED) == {0, 1, 2}


def test_the_largest_item_goes_first_each_to_the_shard_with_the_least() -> None:
    work = work_of([2], [7], [3], [6], [5], [4])
    assignment = assign_largest_first(work, 2, [WHOLE] * 6)
    assert contents(assignment) == [{1: [0], 2: [0], 5: [0]}, {0: [0], 3: [0], 4: [0]}]
    assert assignment.loads == [14.0, 13.0]


def test_items_without_seconds_are_shared_out_too() -> None:
    assignment = assign_largest_first(work_of(*[[0.0]] * 6), 3, [WHOLE] * 6)
    assert [len(parts) for parts in assignment.parts] == [2, 2, 2]


def test_pieces_are_assigned_like_files() -> None:
    assignment = assign_largest_first(work_of([1, 1, 1, 1], [1]), 2, [2.0, 2.0])
    assert contents(assignment) == [{0: [0, 1], 1: [0]}, {0: [2, 3]}]


class Uncut(Workload):
    """A workload of which nobody asks what its files can be cut into, which takes time to find."""

    def fragments(self, file: int) -> tuple[Fragment, ...]:
        raise AssertionError(f"{self.files[file].path} was to be cut")


@pytest.mark.parametrize("shards", [4, 3])
def test_where_whole_files_make_a_good_plan_nobody_looks_for_cuts(shards: int) -> None:
    files = [file_of(f"test_{number}", *[1.0] * 100) for number in range(shards)]
    assert balance(Uncut(files), shards).loads == [100.0] * shards


def test_a_good_plan_of_coarse_pieces_is_not_tried_with_finer_ones() -> None:
    assignment = balance(work_of(*[[1.0] * 100] * 8), 4)
    assert not assignment.owners
    assert assignment.loads == [200.0] * 4


def test_a_file_that_fills_all_shards_is_cut_into_one_piece_for_each() -> None:
    assignment = balance(work_of([1.0] * 100), 4)
    assert contents(assignment) == [{0: list(range(at, at + 25))} for at in range(0, 100, 25)]


def test_a_file_slightly_below_a_shard_stays_whole_and_one_above_is_cut() -> None:
    work = work_of([1.0] * 99, [1.0] * 101, *[[1.0]] * 200)
    assignment = balance(work, 4)
    assert list(assignment.owners) == [1]
    assert max(assignment.loads) <= 100.25


def test_shards_end_within_a_fifth_of_a_percent_of_the_bound_where_tests_are_small() -> None:
    work = work_of(*[[0.01 + 0.02 * ((file * 7 + test) % 11) for test in range(60)] for file in range(13)])
    for shards in (2, 3, 5, 8):
        assert balance(work, shards).makespan <= work.bound(shards) * 1.002


def test_one_long_test_is_the_makespan_and_costs_no_cut_elsewhere() -> None:
    assignment = balance(work_of([50.0], [10.0, 10.0], [10.0]), 3)
    assert (assignment.makespan, assignment.owners) == (50.0, {})


@pytest.mark.parametrize("shards", [1, 2, 9])
def test_groups_over_several_files_are_never_divided(shards: int) -> None:
    assignment = balance(GROUPED, shards)
    on = contents(assignment)
    assert [shard for shard in on if 0 in shard.get(0, []) if 0 in shard] == [
        shard for shard in on if 1 in shard.get(1, [])
    ]
    assert [shard for shard in on if 2 in shard.get(0, [])] == [shard for shard in on if 2 in shard]


@pytest.mark.parametrize("unit", [2.0**-10, 1.0, 2.0**400])
@pytest.mark.parametrize(
    ("files", "makespan", "pieces"),
    [
        # One piece of the second file a shard is two or three tests of 6 s; only single ones leave 13 s to each shard.
        ([[1.0] * 13, [6.0] * 13], 13.0, 14),
        # Halves of a shard end after 11 s, quarters after 10.
        ([[2.0] * 9, [7.0, 4.0, 6.0, 6.0, 4.0, 8.0, 8.0, 7.0]], 10.0, 14),
    ],
)
def test_finer_pieces_are_taken_where_they_gain_in_whatever_unit_of_time(
    files: list[list[float]], makespan: float, pieces: int, unit: float
) -> None:
    assignment = balance(work_of(*([seconds * unit for seconds in file] for file in files)), 7)
    assert assignment.makespan == makespan * unit
    assert sum(len(parts) for parts in contents(assignment)) == pieces


@pytest.mark.parametrize(
    ("files", "shards", "makespan", "pieces"),
    [
        # Halves end when whole shares do, and are one piece more.
        ([[1.0, 3.0, 7.0, 7.0, 9.0, 6.0], [8.0] * 6], 2, 41.0, 3),
        ([[3.0] * 5, [3.0] * 7, [9.0] * 7], 6, 18.0, 7),
        # Halves gain nothing, so quarters, which would, are not tried.
        ([[4.0, 7.0, 3.0, 9.0], [9.0, 4.0], [7.0, 7.0]], 3, 18.0, 5),
    ],
)
def test_finer_pieces_are_not_taken_where_they_gain_nothing(
    files: list[list[float]], shards: int, makespan: float, pieces: int
) -> None:
    assignment = balance(work_of(*files), shards)
    assert (assignment.makespan, sum(len(parts) for parts in contents(assignment))) == (makespan, pieces)
