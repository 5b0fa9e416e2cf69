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
