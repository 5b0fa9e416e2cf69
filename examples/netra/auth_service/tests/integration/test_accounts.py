"""
Test registration and login over PostgreSQL and Redis

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Users come in, and nobody else does
- Value Impact: Registration and login are the first thing a user sees; nobody guesses a password or learns who has an account
- Strategic Impact: Security and growth
"""

import asyncio

import jwt
import pytest
from argon2 import PasswordHasher
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from netra_backend.app.models import Credential, User
from netra_backend.testing import auth_secret
from sqlalchemy import func, select

pytestmark = [pytest.mark.integration, pytest.mark.real_services]


class TestRegistration(BaseIntegrationTest):
    """An account is made once, and lets its user in at once."""

    async def test_a_user_registers_and_has_tokens_at_once(self, auth, new_account, real_db):
        account = new_account(subscription="enterprise")
        answer = await auth.post("/register", json=account)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["token_type"], told["expires_in"]) == ("bearer", 900)
        claims = jwt.decode(told["access_token"], auth_secret(), algorithms=["HS256"])
        user = await real_db.get(User, told["user_id"])
        assert (claims["sub"], claims["email"], claims["subscription"]) == (user.id, account["email"], "enterprise")
        assert (user.email, user.name, user.subscription) == (account["email"], "Ann", "enterprise")
        stored = await real_db.get(Credential, user.id)
        assert stored.password_hash.startswith("$argon2id$")

    async def test_an_email_has_one_account_in_whatever_case_it_is_written(self, auth, new_account):
        account = new_account()
        await auth.post("/register", json=account)
        answer = await auth.post("/register", json=account | {"email": account["email"].upper()})
        assert (answer.status_code, answer.json()["error"]) == (409, "email_known")

    async def test_of_many_who_register_one_email_at_once_one_gets_it(self, auth, new_account, real_db):
        account = new_account()
        answers = await asyncio.gather(*(auth.post("/register", json=account) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
        assert await real_db.scalar(select(func.count()).select_from(User)) == 1

    async def test_registrations_from_one_address_are_bounded_whether_an_account_comes_of_them_or_not(
        self, auth, new_account, real_redis
    ):
        account = new_account()
        assert (await auth.post("/register", json=account)).status_code == 201
        (counter,) = [key async for key in real_redis.scan_iter("attempts:*")]
        await real_redis.set(counter, 49, keepttl=True)
        assert (await auth.post("/register", json=account)).status_code == 409
        refused = await auth.post("/register", json=new_account())
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_attempts")
        assert "15 min" in refused.json()["message"]
        assert (await auth.post("/login", json=account)).status_code == 200

    async def test_an_error_shows_nothing_of_what_was_sent(self, auth, new_account):
        answer = await auth.post("/register", json=new_account(email="nobody", name="x" * 200))
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
        assert "email:" in answer.json()["message"]
        assert "correct horse" not in answer.text


class TestLogin(BaseIntegrationTest):
    """The right password opens; everything else looks the same, and not for long."""

    async def test_a_user_logs_in_with_the_password_alone(self, auth, new_account):
        account = new_account()
        registered = (await auth.post("/register", json=account)).json()
        answer = await auth.post("/login", json={"email": account["email"].title(), "password": account["password"]})
        assert (answer.status_code, answer.json()["user_id"]) == (200, registered["user_id"])
        assert answer.json()["refresh_token"] != registered["refresh_token"]

    async def test_nobody_learns_who_has_an_account(self, auth, new_account):
        account = new_account()
        await auth.post("/register", json=account)
        wrong = await auth.post("/login", json=account | {"password": "wrong horse"})
        unknown = await auth.post("/login", json=new_account())
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json() == {"error": "wrong_login", "message": "email or password is wrong"}

    @pytest.mark.parametrize("exists", [True, False], ids=["account", "no account"])
    async def test_failed_logins_are_bounded_also_when_they_come_at_once(self, auth, new_account, exists):
        account = new_account()
        if exists:
            await auth.post("/register", json=account)
        guesses = [auth.post("/login", json=account | {"password": f"guess {number}"}) for number in range(30)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*guesses))
        assert statuses == [401] * 10 + [429] * 20
        right = await auth.post("/login", json=account)
        assert (right.status_code, right.json()["error"]) == (429, "too_many_attempts")
        assert "15 min" in right.json()["message"]

    async def test_one_users_bounds_are_nobody_elses(self, auth, new_account):
        victim, other = new_account(), new_account()
        await auth.post("/register", json=other)
        for number in range(11):
            await auth.post("/login", json=victim | {"password": f"guess {number}"})
        assert (await auth.post("/login", json=other)).status_code == 200

    async def test_right_logins_are_not_counted(self, auth, new_account):
        account = new_account()
        await auth.post("/register", json=account)
        statuses = {(await auth.post("/login", json=account)).status_code for _ in range(15)}
        assert statuses == {200}

    async def test_redis_holds_no_email(self, auth, new_account, real_redis):
        account = new_account()
        await auth.post("/login", json=account)
        keys = [str(key) async for key in real_redis.scan_iter("*")]
        assert len(keys) == 3
        assert account["email"] not in " ".join(keys)

    async def test_a_weak_hash_of_earlier_days_is_replaced(self, auth, new_account, real_db):
        account = new_account()
        user_id = (await auth.post("/register", json=account)).json()["user_id"]
        stored = await real_db.get(Credential, user_id)
        stored.password_hash = weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
        await real_db.commit()
        assert (await auth.post("/login", json=account)).status_code == 200
        await real_db.refresh(stored)
        assert stored.password_hash != weak
        assert (await auth.post("/login", json=account)).status_code == 200
