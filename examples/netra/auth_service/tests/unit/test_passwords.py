"""
Test how passwords are kept

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Passwords that stay secret even if the database does not
- Value Impact: A stolen table opens no account; many logins at once do not stop the service
- Strategic Impact: Trust
"""

import asyncio

import pytest
from argon2 import PasswordHasher
from auth_service.app.passwords import Passwords
from shared.errors import Refusal


@pytest.fixture
def passwords():
    passwords = Passwords(most_waiting=2)
    yield passwords
    passwords.close()


async def test_only_the_password_itself_opens(passwords):
    known = await passwords.hash("correct horse")
    assert known.startswith("$argon2id$")
    assert await passwords.verify("correct horse", known)
    assert not await passwords.verify("correct horsE", known)


async def test_one_password_has_another_hash_each_time(passwords):
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


@pytest.mark.parametrize("known", [None, "", "no hash", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
async def test_what_is_no_account_opens_for_nobody(passwords, known):
    assert not await passwords.verify("", known)


async def test_the_event_loop_goes_on_while_a_password_is_hashed(passwords):
    hashing = asyncio.create_task(passwords.hash("correct horse"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_whoever_comes_when_too_many_wait_is_told_to_come_again(passwords):
    ends = await asyncio.gather(*(passwords.hash("correct horse") for _ in range(5)), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, Refusal)]
    assert len(refused) == 3
    assert {(refusal.status, refusal.code) for refusal in refused} == {(503, "busy")}
    assert await passwords.hash("correct horse")


async def test_a_weaker_hash_of_earlier_days_is_known_as_such(passwords):
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse"))
    assert not passwords.is_outdated(await passwords.hash("correct horse"))
