import pytest
from workloads import assigned, contents, file_of, work_of

from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.rebalance import rebalance
from ci_toolkit.plan.workload import Workload


def test_a_file_moves_to_the_shard_with_the_least() -> None:
    work = work_of([4], [3], [5], [3])
    assignment = rebalance(assigned(work, [0, 1, 2], [3], []), 7.0)
    assert contents(assignment) == [{0: [0], 1: [0]}, {3: [0]}, {2: [0]}]


def test_nothing_moves_where_all_are_within_the_goal() -> None:
    work = work_of([4], [3], [5])
    assignment = rebalance(assigned(work, [0, 1], [2], []), 7.0)
    assert contents(assignment) == [{0: [0], 1: [0]}, {2: [0]}, {}]


def test_two_files_change_places_where_no_move_helps() -> None:
    work = work_of([6], [5], [4], [3])
    assignment = rebalance(assigned(work, [0, 1], [2, 3]), 9.0)
    assert assignment.loads == [9.0, 9.0]
    assert assignment.pieces == 4


def test_of_files_that_meet_the_goal_the_one_that_evens_out_most_moves() -> None:
    work = work_of([3], [5], [4])
    assignment = rebalance(assigned(work, [0, 1, 2], []), 9.0)
    assert contents(assignment) == [{0: [0], 2: [0]}, {1: [0]}]


def test_a_test_moves_where_whole_files_do_not_do() -> None:
    work = work_of([3, 3, 3, 3])
    assignment = rebalance(assigned(work, [0], []), 6.0)
    assert assignment.loads == [6.0, 6.0]
    assert sorted(len(shard[0]) for shard in contents(assignment)) == [2, 2]


def test_no_file_is_cut_where_whole_ones_take_away_half_of_what_is_too_much() -> None:
    work = work_of([5, 5], [4], [4])
    assignment = rebalance(assigned(work, [0, 1, 2], []), 9.0)
    assert not assignment.owners
    assert sorted(assignment.loads) == [8.0, 10.0]


def test_a_cut_that_costs_more_setup_than_it_gains_is_not_made() -> None:
    work = work_of([3, 3], [5], setup=10.0)
    assert rebalance(assigned(work, [0], [1]), 5.0).loads == [16.0, 15.0]


def test_a_cut_is_made_where_it_gains_more_than_its_setup() -> None:
    work = work_of([3, 3], setup=2.0)
    assert rebalance(assigned(work, [0], []), 5.0).loads == [5.0, 5.0]


def test_a_part_joins_the_rest_of_its_file_and_saves_a_setup() -> None:
    work = work_of([5, 5], [5], [5], setup=1.0)
    assignment = rebalance(assigned(work, [(0, [0]), 1], [(0, [1])]), 11.5)
    assert (assignment.loads, assignment.owners) == ([6.0, 11.0], {})
    together = rebalance(assigned(work, [(0, [0]), 1, 2], [(0, [1])]), 12.0)
    assert (together.loads, together.owners) == ([12.0, 11.0], {})


def test_pinned_files_stay_where_they_are() -> None:
    work = work_of([4], [4, 4], [1])
    assignment = rebalance(assigned(work, [0, 1, 2], []), 6.5, pinned=frozenset({0, 1}))
    assert contents(assignment) == [{0: [0], 1: [0, 1]}, {2: [0]}]


def test_a_step_that_gains_next_to_nothing_is_not_taken() -> None:
    work = work_of([10000], [1])
    assert rebalance(assigned(work, [0, 1], []), 1.0).loads == [10001.0, 0.0]
    work = work_of([10000], [3])
    assert rebalance(assigned(work, [0, 1], []), 1.0).loads == [10000.0, 3.0]


def test_a_test_of_a_cut_file_changes_places_with_one_of_the_same_file() -> None:
    work = work_of([5, 4, 3, 2])
    assignment = rebalance(assigned(work, [(0, [0, 1])], [(0, [2, 3])]), 7.0)
    assert assignment.loads == [7.0, 7.0]
    assert assignment.pieces == 2


def test_of_two_exchanges_that_meet_the_goal_the_one_with_fewer_pieces_is_taken() -> None:
    work = work_of([2, 2, 2], [6], [2, 2])
    assignment = rebalance(assigned(work, [(0, [0, 1]), 1], [(0, [2])], [2]), 8.0)
    assert (assignment.pieces, assignment.loads) == (3, [6.0, 6.0, 4.0])


def test_cuts_that_came_together_again_are_forgotten() -> None:
    work = work_of([1, 1], [9])
    assignment = rebalance(assigned(work, [(0, [0, 1]), 1], []), 9.0)
    assert (assignment.owners, assignment.loads) == ({}, [9.0, 2.0])


def shards_in_place() -> Assignment:
    shards = ([5.0] * 8, [4.9] * 5, [5.0] * 2)
    files = [
        file_of(f"{shard}_{number}", took) for shard, each in enumerate(shards) for number, took in enumerate(each)
    ]
    assignment = Assignment(Workload(files), len(shards))
    for number, file in enumerate(files):
        assignment.assign(number, int(file.path[0]))
    return assignment


def test_what_is_to_move_seldom_goes_where_there_is_room_and_not_where_it_would_have_to_leave_again() -> None:
    assignment = rebalance(shards_in_place(), 25.0, moves_few_tests=True)
    assert assignment.loads == [25.0, 24.5, 25.0]
    assert set(assignment.parts[1]) == {8, 9, 10, 11, 12}


@pytest.mark.parametrize(("few", "moved"), [(True, {1: [0]}), (False, {0: [0, 1, 2, 3]})])
def test_few_moved_tests_count_most_or_even_loads(*, few: bool, moved: dict[int, list[int]]) -> None:
    work = work_of([1, 1, 1, 1.5], [4], [9])
    start = assigned(work, [0, 1, 2], [])
    assignment = rebalance(start, 13.5, pinned=frozenset({2}), moves_few_tests=few)
    assert contents(assignment)[1] == moved


def test_with_few_moves_one_test_of_a_file_goes_rather_than_the_file() -> None:
    work = work_of([1, 1, 1, 5, 1, 1], [9])
    assignment = rebalance(assigned(work, [0, 1], []), 14.0, pinned=frozenset({1}), moves_few_tests=True)
    assert contents(assignment) == [{0: [0, 1, 2, 4, 5], 1: [0]}, {0: [3]}]


def test_a_file_changes_places_with_what_evens_out_the_two_shards() -> None:
    work = work_of([12], [20], [2], [4], [6], [8])
    assignment = rebalance(assigned(work, [0, 1], [2, 3, 4, 5]), 26.0, pinned=frozenset({1}))
    assert contents(assignment) == [{1: [0], 4: [0]}, {0: [0], 2: [0], 3: [0], 5: [0]}]


def test_a_file_changes_places_with_the_smallest_where_that_evens_out_most() -> None:
    work = work_of([12], [27], [2], [4], [6], [8])
    assignment = rebalance(assigned(work, [0, 1], [2, 3, 4, 5]), 30.0, pinned=frozenset({1}))
    assert assignment.loads == [29.0, 30.0]


def test_what_comes_back_pays_its_setup_too() -> None:
    work = work_of([12], [20], [2], [4], [6], [8], setup=1.0)
    assignment = rebalance(assigned(work, [0, 1], [2, 3, 4, 5]), 29.0, pinned=frozenset({1}))
    assert assignment.loads == [28.0, 30.0]


def test_what_leaves_takes_its_setup_along() -> None:
    work = work_of([5], [5], setup=10.0)
    assert rebalance(assigned(work, [0, 1], []), 15.0).loads == [15.0, 15.0]


def test_whole_files_that_relieve_half_are_enough_and_less_is_not() -> None:
    half = rebalance(assigned(work_of([2], [6, 4]), [0, 1], []), 8.0)
    assert contents(half) == [{1: [0]}, {0: [0], 1: [1]}]
    less = rebalance(assigned(work_of([5, 5], [1]), [0, 1], []), 6.0)
    assert contents(less) == [{0: [1], 1: [0]}, {0: [0]}]
    more = rebalance(assigned(work_of([8, 3], [7]), [0, 1], []), 9.0)
    assert contents(more) == [{0: [0]}, {0: [1], 1: [0]}]


def test_parts_that_meet_the_goal_save_a_piece_rather_than_even_out() -> None:
    work = work_of([3, 1.5, 2.5], [4])
    assignment = rebalance(assigned(work, [(0, [0, 2]), 1], [(0, [1])]), 8.0)
    assert (assignment.owners, sorted(assignment.loads)) == ({}, [4.0, 7.0])


def test_what_meets_the_goal_comes_before_what_saves_a_piece() -> None:
    work = work_of([4, 2, 2.5], [4])
    assignment = rebalance(assigned(work, [(0, [0, 2]), 1], [(0, [1])]), 8.0)
    assert contents(assignment) == [{0: [0, 2]}, {0: [1], 1: [0]}]


def test_a_part_may_join_where_a_file_without_its_setup_saved_would_not_fit() -> None:
    work = work_of([3, 2], [1], [1.998], setup=4.0)
    assignment = rebalance(assigned(work, [(0, [0]), 1], [(0, [1]), 2]), 11.0)
    assert contents(assignment) == [{1: [0], 2: [0]}, {0: [0, 1]}]


def test_the_least_loaded_of_many_shards_are_found() -> None:
    work = work_of([5], [5], *[[9]] * 38)
    assignment = rebalance(assigned(work, [0, 1], *[[number] for number in range(2, 40)], []), 9.0)
    assert (len(assignment.parts[0]), len(assignment.parts[39])) == (1, 1)


def test_with_few_moves_a_cut_costs_as_much_as_a_moved_test() -> None:
    pinned = frozenset({2})
    work = work_of([2, 2], [4, 1, 1], [9])
    assignment = rebalance(assigned(work, [0, 1, 2], []), 15.0, pinned=pinned, moves_few_tests=True)
    assert contents(assignment)[1] == {0: [0, 1]}
    work = work_of([1, 1, 2], [4, 1, 1], [9])
    assignment = rebalance(assigned(work, [0, 1, 2], []), 15.0, pinned=pinned, moves_few_tests=True)
    assert contents(assignment)[1] == {1: [0]}


def test_with_few_moves_all_tests_of_a_part_count() -> None:
    work = work_of([1, 1, 2, 1], [4], [9])
    start = assigned(work, [(0, [0, 1, 2]), 1, 2], [(0, [3])], [])
    assignment = rebalance(start, 13.0, pinned=frozenset({2}), moves_few_tests=True)
    assert contents(assignment)[0] == {0: [0, 1, 2], 2: [0]}


def test_with_few_moves_a_full_shard_gets_nothing() -> None:
    files = [[5.0]] * 8, [[5.0]] * 5, [[5.0]] * 2
    work = work_of(*[each for shard in files for each in shard])
    assignment = rebalance(assigned(work, range(8), range(8, 13), range(13, 15)), 25.0, moves_few_tests=True)
    assert assignment.loads == [25.0] * 3
    assert set(assignment.parts[1]) == {8, 9, 10, 11, 12}
