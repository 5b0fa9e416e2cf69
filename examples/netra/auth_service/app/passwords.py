"""Passwords as Argon2 hashes, made in threads of their own: the event loop never waits for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_urlsafe
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from shared.errors import Refusal

_MEMORY_KIB: Final = 19 * 1024
"""With two passes and one lane, as OWASP's password storage cheat sheet asks."""
_THREADS: Final = 2
_MOST_WAITING: Final = 400
"""At about 20 ms each, whoever waits for a thread gets one within 4 s."""

_T = TypeVar("_T")


class Passwords:
    """Hashes and verifies; takes the same time whether an account exists or not."""

    def __init__(self, *, most_waiting: int = _MOST_WAITING) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=_MEMORY_KIB, parallelism=1)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._most_waiting = most_waiting
        self._waiting = 0
        self._nobodys = self._hasher.hash(token_urlsafe())

    async def hash(self, password: str) -> str:
        """Return a salted hash. Raises Refusal (503) where too many wait already."""
        return await self._in_a_thread(lambda: self._hasher.hash(password))

    async def verify(self, password: str, known: str | None) -> bool:
        """Whether ``password`` is that of the hash ``known``; an account that is not there has ``None``.

        Raises Refusal (503) where too many wait already.
        """
        is_right = await self._in_a_thread(lambda: self._matches(self._nobodys if known is None else known, password))
        return is_right and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with weaker parameters than are asked for today."""
        return self._hasher.check_needs_rehash(known)

    def close(self) -> None:
        """Let what is being hashed end, and end the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _matches(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_a_thread(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= self._most_waiting:
            raise Refusal(503, "busy", "too many logins at once: try again in a few seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
