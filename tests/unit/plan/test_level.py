from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.exchange import Aim
from ci_toolkit.plan.level import level
from ci_toolkit.plan.workload import Workload


def test_what_is_to_move_seldom_goes_where_there_is_room_and_not_where_it_would_have_to_leave_again() -> None:
    shards = ([5.0] * 8, [4.9] * 5, [5.0] * 2)
    files = [
        FileEstimate(path=f"test_{shard}_{number}.py", seconds=seconds, suffixes=("test",), each=(seconds,))
        for shard, each in enumerate(shards)
        for number, seconds in enumerate(each)
    ]
    deal = Deal(Workload(files), len(shards))
    for number, file in enumerate(files):
        deal.place(number, int(file.path[5]))
    level(deal, Aim(goal=25.0, moves_little=True))
    assert deal.loads == [25.0, 24.5, 25.0]
    assert set(deal.parts[1]) == {8, 9, 10, 11, 12}
