"""How often somebody may guess a password or ask for an account. Counted in Redis, for all processes of the service."""

import hashlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from shared.errors import Refusal

WINDOW_SECONDS: Final = 15 * 60
_ANSWER_SECONDS: Final = 2.0


class WrongPassword(Refusal):
    """A guess that failed: in the same words whether there is such an account or not."""

    def __init__(self) -> None:
        super().__init__(401, "wrong_login", "email or password is wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Failed logins within the window, and registrations."""

    of_account_from_address: int = 10
    of_account: int = 100
    """From many addresses: more, so that a stranger cannot easily lock a user out."""
    of_address: int = 1000
    """Of many accounts, which tries one password on everybody."""
    registrations_of_address: int = 50
    """Whether an account comes of them or not: each costs the hash of a password, and tells if an email is known."""


class LoginLimits:
    """Counts a login before its password is looked at, and takes it back if it was right: no race gives more guesses.

    Without Redis nobody logs in or registers, because nobody would be counted; whoever is logged in stays so.
    """

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._redis = Redis.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)

    async def check(self) -> None:
        """Raise RedisError where Redis does not answer."""
        await self._redis.ping()

    async def count_registration(self, address: str) -> None:
        """Count one, whatever comes of it. Raises Refusal: 429 where there were too many, 503 without Redis."""
        key = _key("registrations", address)
        await self._take({key: self._limits.registrations_of_address}, "too many registrations from your address")

    @asynccontextmanager
    async def attempt(self, email: str, address: str) -> AsyncIterator[None]:
        """Hold one attempt while the block looks at a password; only a block that raises WrongPassword has used it.

        Raises Refusal: 429 where there were too many, 503 without Redis.
        """
        counters = self._counters(email, address)
        await self._take(counters, "too many failed logins")
        is_used = False
        try:
            yield
        except WrongPassword:
            is_used = True
            raise
        finally:
            if not is_used:
                await self._give_back(counters)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _counters(self, email: str, address: str) -> dict[str, int]:
        """Return the most that each key may count. Names are digests: Redis holds nobody's email."""
        limits = self._limits
        return {
            _key("account-address", email, address): limits.of_account_from_address,
            _key("account", email): limits.of_account,
            _key("address", address): limits.of_address,
        }

    async def _take(self, counters: dict[str, int], too_many: str) -> None:
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                for key in counters:
                    pipe.set(key, 0, ex=WINDOW_SECONDS, nx=True)
                    pipe.incr(key)
                    pipe.ttl(key)
                answers = await pipe.execute()
        except (RedisError, OSError):
            raise Refusal(503, "store_away", "attempts cannot be counted right now: try again in a moment") from None
        counted = zip(answers[1::3], answers[2::3], counters.values(), strict=True)
        if over := [left for count, left, most in counted if count > most]:
            await self._give_back(counters)  # a refused attempt learned nothing
            minutes = max(1, math.ceil(max(over) / 60))
            raise Refusal(429, "too_many_attempts", f"{too_many}: try again in {minutes} min")

    async def _give_back(self, counters: dict[str, int]) -> None:
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                for key in counters:
                    pipe.set(key, 1, ex=WINDOW_SECONDS, nx=True)  # it may have ended meanwhile
                    pipe.decr(key)
                await pipe.execute()
        except (RedisError, OSError):
            return  # counted once too often, until the window ends


def _key(*words: str) -> str:
    return f"attempts:{hashlib.sha256(chr(0).join(words).encode()).hexdigest()}"
