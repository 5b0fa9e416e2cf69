import pytest

from ci_toolkit.model.plan import Plan
from ci_toolkit.workflow.run_identity import named, run_attempt


@pytest.mark.parametrize(
    ("text", "attempt"),
    [(None, 1), ("", 1), ("1", 1), ("2", 2), ("17", 17), ("0", 1), ("-3", 1), ("two", 1), ("2.5", 1), ("٣", 1)],
)
def test_the_attempt_is_githubs_and_what_is_no_number_is_the_first(text: str | None, attempt: int) -> None:
    assert run_attempt({} if text is None else {"GITHUB_RUN_ATTEMPT": text}) == attempt
    assert run_attempt({"GITHUB_RUN_ATTEMPT": "9" * 5000}) == 1


def test_each_run_of_a_plan_has_a_name_of_its_own_and_the_plans_digest_stays() -> None:
    plan = Plan(shards=(), lower_bound_seconds=0.0, makespan_seconds=0.0).sealed()
    first, second = named(plan, {}), named(plan, {"GITHUB_RUN_ATTEMPT": "2"})
    assert first.run_id
    assert (first.run_attempt, second.run_attempt) == (1, 2)
    assert first.run_id != second.run_id
    assert first.plan_id == second.plan_id == first.digest() == plan.plan_id
