import msgspec

from ci_toolkit.model.plan import Cut, Plan, PlannedShard, Unit
from ci_toolkit.report.plan_picture import draw_plan, list_plan

CUT_PLAN = Plan(
    shards=(
        PlannedShard(
            index=1,
            estimated_seconds=84.0,
            units=(
                Unit(path="tests/test_a.py", estimated_seconds=40.0),
                Unit(path="tests/test_b.py", estimated_seconds=44.0, piece=1, pieces=2),
            ),
        ),
        PlannedShard(
            index=2,
            estimated_seconds=42.0,
            units=(Unit(path="tests/test_b.py", estimated_seconds=42.0, piece=2, pieces=2),),
        ),
        PlannedShard(index=3, estimated_seconds=0.0, units=()),
    ),
    cuts=(Cut(path="tests/test_b.py", pieces=(("test_x",), ("test_y",))),),
    lower_bound_seconds=80.0,
    makespan_seconds=84.0,
    limited_by="tests/test_a.py::test_long",
)


def many(shards: int) -> Plan:
    return Plan(
        shards=tuple(
            PlannedShard(index=n, estimated_seconds=float(n), units=(Unit(path=f"t{n}.py", estimated_seconds=n),))
            for n in range(1, shards + 1)
        ),
        lower_bound_seconds=float(shards),
        makespan_seconds=float(shards),
    )


def test_bars_stand_against_the_bound_with_what_sets_it() -> None:
    assert draw_plan(CUT_PLAN, width=82) == (
        "shard    1  ████████████████████████████████████████      84.0 s  1 file + 1 piece\n"
        "shard    2  ████████████████████                          42.0 s  1 piece\n"
        "shard    3                                                 0.0 s  0 files\n"
        "bound       ─────────────────────────────────────┤ 80.0 s: tests/test_a.py::test_long\n"
        "\n"
        "cut: tests/test_b.py in 2 pieces, on shards 1, 2\n"
        "3 shards, 84.0 s, bound 80.0 s (+5.0%)\n"
        "limited by tests/test_a.py::test_long: more shards help only once that is shorter\n"
    )


def test_what_each_shard_may_stray_stands_beside_its_seconds() -> None:
    shards = tuple(msgspec.structs.replace(shard, spread_seconds=7.25 * shard.index) for shard in CUT_PLAN.shards[:2])
    plan = msgspec.structs.replace(CUT_PLAN, shards=shards)
    assert draw_plan(plan, width=82).splitlines()[:2] == [
        "shard    1  ██████████████████████████████████      84.0 s ±7.2   1 file + 1 piece",
        "shard    2  █████████████████                       42.0 s ±14.5  1 piece",
    ]
    assert "84.0 s +-7.2   1 file" in draw_plan(plan, is_ascii=True)


def test_a_terminal_without_blocks_gets_plain_signs() -> None:
    drawn = draw_plan(CUT_PLAN, width=82, is_ascii=True)
    assert drawn.isascii()
    assert "shard    2  ####################  " in drawn
    assert "bound       -------------------------------------| 80.0 s" in drawn


def test_very_many_shards_are_drawn_by_their_ends() -> None:
    lines = draw_plan(many(256)).splitlines()
    assert len(lines) < 45
    assert "            ... 224 more, 5.0 to 228.0 s" in lines
    assert lines[0].startswith("shard  256")


def test_a_name_cannot_move_the_cursor() -> None:
    unit = Unit(path="tests/\x1b[2J.py", estimated_seconds=1.0, piece=1, pieces=2)
    hostile = Plan(
        shards=(PlannedShard(index=1, estimated_seconds=1.0, units=(unit,)),),
        cuts=(Cut(path=unit.path, pieces=(("a",), ("b",))),),
        lower_bound_seconds=1.0,
        makespan_seconds=1.0,
        limited_by="\x1b[31mred",
    )
    assert "\x1b" not in draw_plan(hostile) + list_plan(hostile)


def test_the_list_has_a_line_a_shard_and_the_sum() -> None:
    assert list_plan(CUT_PLAN) == (
        "shard    1:      84.0 s  1 file + 1 piece\n"
        "shard    2:      42.0 s  1 piece\n"
        "shard    3:       0.0 s  0 files\n"
        "3 shards, 84.0 s, bound 80.0 s (+5.0%)\n"
    )


def test_without_a_past_run_shares_are_shown_and_nothing_is_predicted() -> None:
    plan = msgspec.structs.replace(CUT_PLAN, has_times=False)
    assert list_plan(plan) == (
        "shard    1:       66.7%  1 file + 1 piece\n"
        "shard    2:       33.3%  1 piece\n"
        "shard    3:        0.0%  0 files\n"
        "3 shards, and no prediction: no past run is known\n"
    )
    picture = draw_plan(plan, width=82)
    assert "0 s" not in picture
    assert "each test counts the same until a run has been recorded" in picture
