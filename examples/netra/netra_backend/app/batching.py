"""Does in one round trip what many ask for at once: what comes while one round trip is under way shares the next.

A round trip to PostgreSQL or Redis costs about the same for one as for a hundred, so that a crowd waits no longer than
a few. Each waits for the round trip of its own part: nothing is answered for before it is stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")

_MOST: Final = 100
"""In one round trip."""


class Batcher(Generic[Part, Outcome]):
    """Hands what is asked for to ``work``, many parts at a time; it returns an outcome for each, in their order."""

    def __init__(
        self,
        work: Callable[[Sequence[Part]], Awaitable[Sequence[Outcome]]],
        *,
        blames_one: tuple[type[Exception], ...] = (),
    ) -> None:
        """``blames_one`` is raised where one part is at fault, and the others are not: each is then done alone."""
        self._work = work
        self._blames_one = blames_one
        self._waiting: list[tuple[Part, asyncio.Future[Outcome]]] = []
        self._working: asyncio.Task[None] | None = None

    async def do(self, part: Part) -> Outcome:
        """Return the outcome of ``part``. Raises what ``work`` raised for it."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((part, outcome))
        if self._working is None:
            self._working = asyncio.create_task(self._work_off())
        return await outcome

    async def _work_off(self) -> None:
        try:
            while group := self._waiting[:_MOST]:
                del self._waiting[:_MOST]
                await self._do_group(group)
        finally:
            self._working = None

    async def _do_group(self, group: Sequence[tuple[Part, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._work([part for part, _ in group])
        except Exception as error:  # noqa: BLE001 (each that waits for it handles it)
            if isinstance(error, self._blames_one) and len(group) > 1:
                for one in group:
                    await self._do_group([one])
                return
            for _, outcome in group:
                if not outcome.done():
                    outcome.set_exception(error)
        else:
            for (_, outcome), result in zip(group, outcomes, strict=True):
                if not outcome.done():  # whoever waited may have been cancelled
                    outcome.set_result(result)
