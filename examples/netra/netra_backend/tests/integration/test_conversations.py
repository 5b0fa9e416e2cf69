"""
Test what is stored

Business Value Justification (BVJ):
- Segment: All
- Business Goal: No word of a user is ever lost
- Value Impact: Whatever stops, the conversation is there afterwards, and every request has an end
- Strategic Impact: Trust
"""

from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from netra_backend.app.accounts import create_user
from netra_backend.app.cache import Cache
from netra_backend.app.conversations import Conversations
from netra_backend.app.database import connect
from shared.errors import Refusal
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.models import AgentRequest, Base, Thread, new_id
from sqlalchemy import select, update

RESULT = {"summary": "You can save 5 USD a month.", "recommendations": ["Stop"]}


@pytest.fixture
async def backends(real_services_fixture):
    """Return the stores of backends by name, on this worker's database; their Redis is the one given."""
    opened = []

    def of(instance="a", redis_url=real_services_fixture["redis_url"], seconds=60.0):
        engine, cache = connect(real_services_fixture["database_url"]), Cache(redis_url)
        opened.extend([engine.dispose, cache.close])
        return Conversations(engine, cache, instance=instance, seconds=seconds)

    yield of
    for close in opened:
        await close()


@pytest.fixture
async def user(real_db):
    return await create_user(real_db, email="test@example.com")


def request_of(user, **fields):
    new = {"thread_id": new_id(), "is_new_thread": True, "agent": "cost_optimizer", "message": "Save"}
    return ExecutionContext(user_id=user.id, **(new | fields))


class TestConversations(BaseIntegrationTest):
    """On real PostgreSQL and Redis."""

    @pytest.mark.integration
    async def test_models_and_migrations_agree(self, real_services_fixture):
        """What the code believes of the tables is what Alembic makes."""
        engine = connect(real_services_fixture["database_url"])
        async with engine.connect() as connection:
            compare = lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
            assert await connection.run_sync(compare) == []
        await engine.dispose()

    @pytest.mark.integration
    async def test_message_and_answer_are_in_the_thread_in_order(self, backends, user):
        """The thread of a first message has its beginning as its title."""
        store, request = backends(), request_of(user, message="Save\n money")
        assert await store.begin(request) is None
        await store.finish(request, RESULT)
        thread, requests = await store.thread_of(user.id, request.thread_id)
        assert thread.title == "Save money"
        assert [(one.role, one.content) for one in thread.messages] == [
            ("user", "Save\n money"),
            ("agent", RESULT["summary"]),
        ]
        assert requests[request.request_id].state == "answered"

    @pytest.mark.integration
    async def test_a_request_that_comes_twice_is_stored_once(self, backends, user):
        """The second one learns what became of the first."""
        store, request = backends(), request_of(user, request_id="r1")
        await store.begin(request)
        known = await store.begin(request_of(user, request_id="r1"))
        assert (known.thread_id, known.state, known.result) == (request.thread_id, "running", None)
        assert await store.finish(request, RESULT) == RESULT
        assert await store.finish(request, {"summary": "another"}) == RESULT
        assert (await store.begin(request)).result == RESULT
        assert len((await store.thread_of(user.id, request.thread_id))[0].messages) == 2

    @pytest.mark.integration
    async def test_what_a_killed_backend_had_running_is_marked_when_it_starts_again(self, backends, user):
        """Another backend's requests go on; the one that was marked can be taken up, once."""
        ours, theirs = request_of(user), request_of(user)
        await backends("a").begin(ours)
        await backends("b").begin(theirs)
        again = backends("a")
        assert await again.mark_interrupted() == 1
        assert await self.states(again, user, ours, theirs) == ["interrupted", "running"]
        assert [await again.take_up(ours), await backends("b").take_up(ours)] == [True, False]
        assert await self.states(again, user, ours) == ["running"]

    @pytest.mark.integration
    async def test_what_was_stored_without_a_word_of_it_is_taken_up_by_the_backend_that_stored_it(self, backends, user):
        """PostgreSQL ended between the two; no other backend may take it up before its time is over."""
        request = request_of(user)
        await backends("a").begin(request)
        assert [await backends(name).take_up(request) for name in ("b", "a")] == [False, True]

    @pytest.mark.integration
    async def test_an_answer_is_stored_for_a_request_that_was_marked_too_early(self, backends, user):
        """It is told, so it is kept."""
        store, request = backends(), request_of(user)
        await store.begin(request)
        await store.mark_interrupted()
        assert await store.finish(request, RESULT) == RESULT
        assert await self.states(store, user, request) == ["answered"]

    @pytest.mark.integration
    async def test_a_request_whose_time_is_over_is_marked_by_any_backend(self, backends, user, real_db):
        """Its own one may never come back."""
        late, early = request_of(user), request_of(user)
        for request in (late, early):
            await backends("gone").begin(request)
        past = datetime.now(UTC) - timedelta(seconds=1)
        await real_db.execute(update(AgentRequest).where(AgentRequest.id == late.request_id).values(deadline=past))
        await real_db.commit()
        assert await backends("b").mark_overdue() == 1
        assert await self.states(backends(), user, late, early) == ["interrupted", "running"]

    @pytest.mark.integration
    async def test_an_answer_that_comes_after_the_end_changes_nothing(self, backends, user):
        """A request has one end."""
        store, request = backends(), request_of(user)
        await store.begin(request)
        await store.give_up(request, state="failed", error="llm_unavailable", at=datetime.now(UTC))
        assert await store.finish(request, RESULT) is None
        thread, requests = await store.thread_of(user.id, request.thread_id)
        assert [one.role for one in thread.messages] == ["user"]
        assert (requests[request.request_id].state, requests[request.request_id].error) == ("failed", "llm_unavailable")

    @pytest.mark.integration
    async def test_the_end_of_a_try_that_failed_does_not_end_the_next_one(self, backends, user):
        """PostgreSQL was away, the client was told so and asked again; only then can the first end be stored."""
        store, request = backends(), request_of(user)
        failed_at = datetime.now(UTC)
        await store.begin(request)
        await store.give_up(request, state="interrupted", error="interrupted", at=failed_at)
        await store.finish(request, RESULT)
        assert await self.states(store, user, request) == ["answered"]

    @pytest.mark.integration
    @pytest.mark.parametrize("redis", ["there", "away"])
    async def test_a_thread_is_its_owner_s_with_and_without_redis(self, backends, user, real_db, redis):
        """Nobody else reads it or writes into it, whether the cache knows it or not."""
        store = backends() if redis == "there" else backends(redis_url="redis://127.0.0.1:1/0")
        other = await create_user(real_db, email="other@example.com")
        thread_id = (await store.create_thread(user.id, "Ours")).id
        for _ in range(2):
            await store.begin(request_of(user, thread_id=thread_id, is_new_thread=False))
            with pytest.raises(Refusal, match="you have no thread with this id"):
                await store.begin(request_of(other, thread_id=thread_id, is_new_thread=False))
            with pytest.raises(Refusal, match="you have no thread with this id"):
                await store.thread_of(other.id, thread_id)
        assert (await real_db.scalars(select(Thread.user_id))).all() == [user.id]
        assert [thread.id for thread in await store.threads_of(user.id)] == [thread_id]

    @pytest.mark.integration
    async def test_an_account_that_is_gone_stores_nothing(self, backends, user, real_db):
        """Its token may still be valid."""
        await real_db.delete(user)
        await real_db.commit()
        with pytest.raises(Refusal, match="this account is gone"):
            await backends().begin(request_of(user))
        assert (await real_db.scalars(select(Thread))).all() == []

    async def states(self, store, user, *requests):
        """Return what became of each request."""
        return [
            (await store.thread_of(user.id, one.thread_id))[1][one.request_id].state for one in requests
        ]
