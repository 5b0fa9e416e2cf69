from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.rebalance import rebalance
from ci_toolkit.plan.workload import Workload


def test_what_is_to_move_seldom_goes_where_there_is_room_and_not_where_it_would_have_to_leave_again() -> None:
    shards = ([5.0] * 8, [4.9] * 5, [5.0] * 2)
    files = [
        FileEstimate(path=f"test_{shard}_{number}.py", seconds=seconds, suffixes=("test",), each=(seconds,))
        for shard, each in enumerate(shards)
        for number, seconds in enumerate(each)
    ]
    assignment = Assignment(Workload(files), len(shards))
    for number, file in enumerate(files):
        assignment.assign(number, int(file.path[5]))
    rebalance(assignment, 25.0, moves_few_tests=True)
    assert assignment.loads == [25.0, 24.5, 25.0]
    assert set(assignment.parts[1]) == {8, 9, 10, 11, 12}
