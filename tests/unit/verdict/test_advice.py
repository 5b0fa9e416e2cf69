import pytest

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MergedShard
from ci_toolkit.model.verdict import SlowTest
from ci_toolkit.verdict.advice import Remedy, advise, overhead_of


def shards_of(*times: tuple[float, float], state: ShardState = ShardState.FINISHED) -> list[MergedShard]:
    return [
        MergedShard(index=index, state=state, reason="", tests=9, actual_seconds=actual, tests_seconds=tests)
        for index, (actual, tests) in enumerate(times, start=1)
    ]


@pytest.mark.parametrize(
    ("shards", "slowest", "expected", "says"),
    [
        (
            shards_of((100, 95), (98, 93)),
            5.0,
            Remedy.MORE_SHARDS,
            "with 4, each on a machine of its own, the run would take about 52.0 s",
        ),
        (shards_of((100, 95), (98, 93)), 90.0, Remedy.CUT_TEST, "test_slow takes 90.0 s of the 100.0 s"),
        (shards_of((100, 95), (20, 15)), 5.0, Remedy.BALANCE, "shard 1 took 100.0 s where an even share is 60.0 s"),
        (shards_of((100, 15), (98, 13)), 5.0, Remedy.NOTHING, "85.0 of 100.0 s is what each shard needs"),
        (shards_of((9, 8), (1, 0)), 8.0, Remedy.NOTHING, "the run is short"),
        (shards_of((100, 380), (98, 390)), 5.0, Remedy.MORE_SHARDS, "4"),  # side by side: no overhead is known
        (shards_of((100, 95), state=ShardState.STOPPED), 90.0, Remedy.UNKNOWN, ""),
        ([], 0.0, Remedy.UNKNOWN, ""),
    ],
)
def test_advice_names_what_limits_the_run(
    shards: list[MergedShard], slowest: float, expected: Remedy, says: str
) -> None:
    advice = advise(shards, [SlowTest(node_id="a.py::test_slow", seconds=slowest)])
    assert advice.remedy is expected
    assert says in advice.message
    assert advice.message.startswith(expected.value)


def test_run_without_a_slowest_test_is_advised_too() -> None:
    assert advise(shards_of((100, 95), (98, 93)), []).remedy is Remedy.MORE_SHARDS


def test_overhead_is_never_negative() -> None:
    assert overhead_of(shards_of((10, 40))) == 0.0
    assert overhead_of([]) == 0.0


@pytest.mark.parametrize(
    ("shards", "slowest", "expected"),
    [
        (shards_of((9.99, 9.99)), 9.0, Remedy.NOTHING),  # short
        (shards_of((10, 10)), 9.0, Remedy.CUT_TEST),
        (shards_of((100, 100), (100, 100)), 74.9, Remedy.MORE_SHARDS),
        (shards_of((100, 100), (100, 100)), 75.0, Remedy.CUT_TEST),
        (shards_of((100, 60), (100, 60)), 34.9, Remedy.MORE_SHARDS),
        (shards_of((100, 60), (100, 60)), 40.0, Remedy.CUT_TEST),  # as long as what comes before the tests
        (shards_of((100, 50), (100, 50)), 49.9, Remedy.NOTHING),  # what comes before is longer
        (shards_of((125, 125), (75, 75)), 5.0, Remedy.MORE_SHARDS),  # a quarter over an even share
        (shards_of((126, 126), (74, 74)), 5.0, Remedy.BALANCE),
        (shards_of((100, 100), (20, 20)), 70.0, Remedy.BALANCE),
        (shards_of((88, 88), (20, 20)), 65.9, Remedy.BALANCE),
        (shards_of((100, 19.9), (100, 19.9)), 5.0, Remedy.NOTHING),  # halving the tests leaves over 90
        (shards_of((100, 20), (100, 20)), 5.0, Remedy.MORE_SHARDS),
    ],
)
def test_advice_changes_where_another_remedy_helps_more(
    shards: list[MergedShard], slowest: float, expected: Remedy
) -> None:
    assert advise(shards, [SlowTest(node_id="a.py::test_slow", seconds=slowest)]).remedy is expected


def test_one_shard_that_did_not_finish_leaves_no_advice() -> None:
    shards = [*shards_of((100, 95)), *shards_of((100, 95), state=ShardState.BROKEN)]
    assert advise(shards, []).remedy is Remedy.UNKNOWN


def test_the_slowest_test_and_the_slowest_shard_are_named() -> None:
    slow = [SlowTest(node_id="a.py::test_slow", seconds=80.0), SlowTest(node_id="a.py::test_next", seconds=70.0)]
    assert advise(shards_of((100, 95), (98, 93)), slow).message == (
        "cut this test: a.py::test_slow takes 80.0 s of the 100.0 s, and no number of shards goes below that"
    )
    assert "shard 2 took 100.0 s" in advise(shards_of((20, 15), (100, 95)), []).message


def test_more_shards_do_not_go_below_the_longest_test() -> None:
    message = advise(shards_of((100, 95), (100, 95)), [SlowTest(node_id="t", seconds=60.0)]).message
    assert "with 4" in message
    assert "about 65.0 s" in message


def test_overhead_is_the_typical_shards() -> None:
    assert overhead_of(shards_of((10, 9), (10, 8), (100, 10))) == 2.0
