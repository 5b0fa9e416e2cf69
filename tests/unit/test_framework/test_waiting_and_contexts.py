"""Waiting with a limit, and user contexts that share nothing."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.test_framework.user_context import UserContext, UserContextFactory, create_user_context
from ci_toolkit.test_framework.utilities import ConditionTimeoutError, wait_for_condition


def test_a_condition_sync_or_async_gives_its_first_true_value() -> None:
    answers = iter([0, None, "ready"])

    async def later() -> str:
        await asyncio.sleep(0)
        return "async"

    async def scenario() -> tuple[Any, Any]:
        return (
            await wait_for_condition(lambda: next(answers), timeout=60, interval=0.001),
            await wait_for_condition(later),
        )

    assert asyncio.run(scenario()) == ("ready", "async")


def test_a_condition_that_never_holds_fails_with_its_source_and_its_last_answer() -> None:
    with pytest.raises(
        ConditionTimeoutError, match=r"waited 0.03 s (?:\(and .*\) )?for .*lambda: 0.*; asked \d+ times, .* was 0"
    ):
        asyncio.run(wait_for_condition(lambda: 0, timeout=0.03, interval=0.01))
    with pytest.raises(ConditionTimeoutError, match="for the queue to drain; asked 1 times"):
        asyncio.run(wait_for_condition(lambda: False, timeout=0, description="the queue to drain"))


def test_a_predicate_that_hangs_is_left_at_the_limit() -> None:
    with pytest.raises(ConditionTimeoutError, match="an answer that never came"):
        asyncio.run(wait_for_condition(lambda: asyncio.sleep(60), timeout=0.03))


def test_a_sync_predicate_that_overran_the_limit_is_named_as_the_reason() -> None:
    with pytest.raises(ConditionTimeoutError, match=r"waited 0.01 s \(and \d+\.\d s more for a sync predicate, which"):
        asyncio.run(wait_for_condition(lambda: threading.Event().wait(0.15), timeout=0.01))


def test_what_a_predicate_raises_is_no_not_yet() -> None:
    async def times_out_itself() -> bool:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(wait_for_condition(times_out_itself, timeout=60))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(wait_for_condition(lambda: 1 / 0, timeout=60))


def damage(value: Any) -> None:
    """Change everything that can be changed, at every depth."""
    if isinstance(value, dict):
        for inner in value.values():
            damage(inner)
        value["damaged"] = True
    elif isinstance(value, list):
        for inner in value:
            damage(inner)
        value.append("damaged")


nested = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), nested, max_size=4))
def test_no_two_users_share_anything_that_can_change(metadata: dict[str, Any]) -> None:
    factory = UserContextFactory(metadata=metadata)
    pristine = factory.create().metadata
    first, second = factory.create(), factory.create(metadata=metadata)
    damage(first.metadata)
    assert second.metadata == pristine
    damage(metadata)
    damage(second.metadata)
    assert factory.create().metadata == pristine


def test_every_context_has_ids_and_metadata_of_its_own() -> None:
    contexts = [create_user_context() for _ in range(50)] + [UserContext() for _ in range(50)]
    for name in ("user_id", "thread_id", "run_id", "email"):
        assert len({getattr(context, name) for context in contexts}) == len(contexts)
    assert len({id(context.metadata) for context in contexts}) == len(contexts)
    given_email = create_user_context(email="me@example.com", subscription="enterprise")
    assert (given_email.email, given_email.subscription) == ("me@example.com", "enterprise")
