"""
Test refresh over PostgreSQL

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Users stay logged in, thieves do not
- Value Impact: A chat goes on for weeks without a password; a stolen token ends as soon as both have used it
- Strategic Impact: Security
"""

import asyncio
from datetime import UTC, datetime

import pytest
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from netra_backend.app.models import RefreshToken, User
from sqlalchemy import select, update

pytestmark = [pytest.mark.integration, pytest.mark.real_services]


@pytest.fixture
async def logged_in(auth, new_account):
    """The first tokens of a user."""
    return (await auth.post("/register", json=new_account())).json()


class TestRefresh(BaseIntegrationTest):
    """A refresh token works once; used twice, it ends what came of its login."""

    async def test_a_refresh_token_gives_new_tokens_again_and_again(self, auth, logged_in):
        tokens, seen = logged_in, {logged_in["refresh_token"]}
        for _ in range(3):
            tokens = await self.refreshed(auth, tokens["refresh_token"])
            assert tokens["user_id"] == logged_in["user_id"]
            seen.add(tokens["refresh_token"])
        assert len(seen) == 4

    async def test_one_that_is_used_twice_ends_its_whole_family(self, auth, logged_in):
        following = await self.refreshed(auth, logged_in["refresh_token"])
        newest = await self.refreshed(auth, following["refresh_token"])
        await self.refused(auth, logged_in["refresh_token"], "refresh_reused")
        for token in (newest, following, logged_in):
            await self.refused(auth, token["refresh_token"], "refresh_invalid")

    async def test_another_login_of_the_user_goes_on(self, auth, new_account):
        account = new_account()
        phone = (await auth.post("/register", json=account)).json()
        laptop = (await auth.post("/login", json=account)).json()
        await self.refreshed(auth, phone["refresh_token"])
        await self.refused(auth, phone["refresh_token"], "refresh_reused")
        await self.refreshed(auth, laptop["refresh_token"])

    async def test_of_many_at_once_one_succeeds_and_the_family_ends(self, auth, logged_in):
        sent = [auth.post("/refresh", json={"refresh_token": logged_in["refresh_token"]}) for _ in range(10)]
        answers = await asyncio.gather(*sent)
        won = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        await self.refused(auth, won[0]["refresh_token"], "refresh_invalid")

    async def test_a_family_that_ends_while_it_grows_ends_with_its_youngest(self, auth, logged_in, real_db):
        """A thief who refreshes at the very moment of the discovery keeps nothing."""
        newest = await self.refreshed(auth, logged_in["refresh_token"])
        await asyncio.gather(
            *(
                auth.post("/refresh", json={"refresh_token": token["refresh_token"]})
                for token in (newest, logged_in) * 4
            )
        )
        alive = select(RefreshToken).where(RefreshToken.spent_at.is_(None), RefreshToken.ended_at.is_(None))
        assert (await real_db.scalars(alive)).all() == []

    @pytest.mark.parametrize("token", ["", "nobody's", "\x00", "x" * 200])
    async def test_what_is_no_token_is_refused(self, auth, token):
        await self.refused(auth, token, "refresh_invalid")

    async def test_an_expired_one_is_refused_and_forgotten_at_the_next_login(self, auth, new_account, real_db):
        account = new_account()
        old = (await auth.post("/register", json=account)).json()
        await real_db.execute(update(RefreshToken).values(expires_at=datetime.now(UTC)))
        await real_db.commit()
        await self.refused(auth, old["refresh_token"], "refresh_invalid")
        await auth.post("/login", json=account)
        assert len((await real_db.scalars(select(RefreshToken))).all()) == 1

    async def test_a_user_who_is_gone_stays_out(self, auth, logged_in, real_db):
        await real_db.delete(await real_db.get(User, logged_in["user_id"]))
        await real_db.commit()
        await self.refused(auth, logged_in["refresh_token"], "refresh_invalid")

    async def test_the_database_holds_no_token(self, auth, logged_in, real_db):
        stored = (await real_db.scalars(select(RefreshToken))).one()
        assert logged_in["refresh_token"] not in (stored.digest, stored.family)

    async def refreshed(self, auth, token):
        answer = await auth.post("/refresh", json={"refresh_token": token})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, auth, token, code):
        answer = await auth.post("/refresh", json={"refresh_token": token})
        assert (answer.status_code, answer.json()["error"]) == (401, code)
