import math

from hypothesis import given, settings
from hypothesis import strategies as st
from plan_cases import SUFFIX, VALID_SECONDS, Times, durations_of, histories, loads_of, owners_of, shards_of, suite_of

from ci_toolkit.model.plan import plan_from_json, plan_to_json
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Algorithm, Keep, PlanRequest

SHARDS = st.sampled_from([1, 2, 3, 4, 7, 16, 64])
SETUPS = st.sampled_from([None, 0.0, 0.5, 20.0])


@given(histories(), SHARDS, st.sampled_from(Keep), st.sampled_from(Algorithm), SETUPS)
@settings(max_examples=80)
def test_every_test_known_or_new_is_in_exactly_one_shard(
    times: Times, shards: int, keep: Keep, algorithm: Algorithm, setup: float | None
) -> None:
    request = PlanRequest(shards=shards, keep=keep, algorithm=algorithm)
    plan = build_plan(suite_of(times), durations_of(times, setup=setup), request)
    shards_of(plan, times)
    for path in times:
        for suffix in ("test_new", "TestA::test_new[1]", "TestNew::test_0", "test_0[new]", ""):
            assert len(owners_of(plan, path, suffix)) == 1
    assert len(plan.shards) == shards
    assert all(math.isfinite(shard.estimated_seconds) and shard.estimated_seconds >= 0.0 for shard in plan.shards)
    assert plan_from_json(plan_to_json(plan), origin="plan.json") == plan


@given(histories(), SHARDS, st.sampled_from(Keep), st.sampled_from(Algorithm))
@settings(max_examples=40)
def test_the_order_of_the_history_says_nothing(times: Times, shards: int, keep: Keep, algorithm: Algorithm) -> None:
    request = PlanRequest(shards=shards, keep=keep, algorithm=algorithm)
    forth = build_plan(suite_of(times), durations_of(times), request)
    back = build_plan(suite_of(times), durations_of(times, reverse=True), request)
    assert forth == back


@given(histories(VALID_SECONDS), SHARDS, SETUPS)
@settings(max_examples=50)
def test_estimates_in_the_plan_are_what_its_shards_will_take(times: Times, shards: int, setup: float | None) -> None:
    plan = build_plan(suite_of(times), durations_of(times, setup=setup), PlanRequest(shards=shards))
    loads = loads_of(plan, times, setup or 0.0)
    for shard, load in zip(plan.shards, loads, strict=True):
        assert math.isclose(shard.estimated_seconds, load, rel_tol=1e-9)
        assert math.isclose(math.fsum(unit.estimated_seconds for unit in shard.units), load, rel_tol=1e-9)
    assert math.isclose(plan.makespan_seconds, max(loads), rel_tol=1e-9)


@given(histories(VALID_SECONDS), SHARDS)
@settings(max_examples=50)
def test_no_shard_takes_more_than_the_bound_and_one_more_test(times: Times, shards: int) -> None:
    plan = build_plan(suite_of(times), durations_of(times), PlanRequest(shards=shards))
    seconds = [took for tests in times.values() for took in tests.values()]
    bound = max([math.fsum(seconds) / shards, *seconds])
    assert math.isclose(plan.lower_bound_seconds, bound, rel_tol=1e-9)
    # Graham's guarantee: whatever the order, no list ends later than an even share and one more item.
    assert plan.makespan_seconds <= bound * 2.0 * (1.0 + 1e-9)


@given(histories(VALID_SECONDS, files=4), SHARDS, st.sampled_from([0.5, 20.0]))
@settings(max_examples=40)
def test_the_bound_holds_for_any_plan_with_setups(times: Times, shards: int, setup: float) -> None:
    durations = durations_of(times, setup=setup)
    bounds = set()
    for algorithm in Algorithm:
        plan = build_plan(suite_of(times), durations, PlanRequest(shards=shards, algorithm=algorithm))
        assert plan.makespan_seconds >= plan.lower_bound_seconds * (1.0 - 1e-9)
        bounds.add(plan.lower_bound_seconds)
    assert len(bounds) == 1


@given(histories(VALID_SECONDS), st.sampled_from([2, 3, 8]), st.data())
@settings(max_examples=40)
def test_a_sticky_plan_is_within_two_percent_of_a_fresh_one(times: Times, shards: int, data: st.DataObject) -> None:
    before = build_plan(suite_of(times), durations_of(times), PlanRequest(shards=shards))
    changed = {
        path: {suffix: took * data.draw(st.sampled_from([1.0, 1.0, 0.5, 3.0])) for suffix, took in tests.items()}
        for path, tests in times.items()
    }
    changed["tests/test_new.py"] = {data.draw(SUFFIX): 1.0}
    now = durations_of(changed)
    fresh = build_plan(suite_of(changed), now, PlanRequest(shards=shards))
    sticky = build_plan(suite_of(changed), now, PlanRequest(shards=shards, previous=before))
    shards_of(sticky, changed)
    assert sticky.makespan_seconds <= fresh.makespan_seconds * 1.02 * (1.0 + 1e-9)


@given(histories(VALID_SECONDS), SHARDS, SETUPS)
@settings(max_examples=40)
def test_nothing_moves_where_nothing_changed(times: Times, shards: int, setup: float | None) -> None:
    durations = durations_of(times, setup=setup)
    before = build_plan(suite_of(times), durations, PlanRequest(shards=shards))
    after = build_plan(suite_of(times), durations, PlanRequest(shards=shards, previous=before))
    assert shards_of(after, times) == shards_of(before, times)


@given(histories(VALID_SECONDS), st.sampled_from([2, 3, 8]), st.sampled_from([Keep.CLASS, Keep.MODULE]))
@settings(max_examples=40)
def test_what_is_to_be_kept_together_is_never_separated(times: Times, shards: int, keep: Keep) -> None:
    plan = build_plan(suite_of(times), durations_of(times), PlanRequest(shards=shards, keep=keep))
    together: dict[tuple[str, str], set[int]] = {}
    for (path, suffix), shard in shards_of(plan, times).items():
        holder = suffix.partition("[")[0].rpartition("::")[0].partition("::")[0]
        if keep is Keep.MODULE or holder:
            together.setdefault((path, "" if keep is Keep.MODULE else holder), set()).add(shard)
    assert all(len(shards_kept) == 1 for shards_kept in together.values())
