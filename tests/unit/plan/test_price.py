import pytest
from plan_cases import Times, durations_of, suite_of

from ci_toolkit.model.plan import Plan
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest

TIMES: Times = {f"test_{file:02}.py": {f"test_{number}": 1.0 for number in range(10)} for file in range(60)}
"""600 seconds in tests of one second."""


def priced(shards: int | None, *, overhead: float = 5.0, times: Times = TIMES, **asked: float) -> Plan:
    request = PlanRequest(shards=shards, overhead_seconds=overhead, price_per_minute=0.01, **asked)  # type: ignore[arg-type]
    return build_plan(suite_of(times), durations_of(times), request)


def test_the_bill_counts_minutes_begun_and_stands_beside_fewer_and_more_shards() -> None:
    assert priced(5).notes[0].message == (
        "5 jobs of at most 125 s are billed 15 minutes, each rounded up: 0.150 at 0.01 a minute; "
        "2 jobs would take 305 s for 0.120; 6 jobs would take 105 s for 0.120; 10 jobs would take 65 s for 0.200"
    )


def test_a_count_that_costs_less_because_its_jobs_fit_a_minute_is_named() -> None:
    assert "11 jobs would take 60 s for 0.110" in priced(10).notes[0].message


@pytest.mark.parametrize(
    ("shards", "most", "named"), [(1, 256, ["2 jobs"]), (8, 8, ["4 jobs", "6 jobs"]), (4, 6, ["2 jobs", "6 jobs"])]
)
def test_no_count_is_named_that_could_not_be_had(shards: int, most: int, named: list[str]) -> None:
    message = priced(shards, max_shards=most).notes[0].message
    assert [part.partition(" would")[0] for part in message.split("; ")[1:]] == named


def test_the_automatic_count_is_billed_too() -> None:
    assert (
        priced(None, target_seconds=130.0).notes[0].message.startswith("5 jobs of at most 125 s are billed 15 minutes")
    )


def test_an_idle_job_is_billed_a_minute_as_well() -> None:
    message = priced(3, overhead=0.0, times={"test_a.py": {"test_only": 3.0}}).notes[0].message
    assert message.startswith("3 jobs of at most 3.0 s are billed 3 minutes")
