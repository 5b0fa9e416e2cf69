"""The events in ClickHouse: each once, however often it is written."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics_service.app.clickhouse import ClickHouse, Row, TableMissingError, text
from analytics_service.app.events import Event

_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_INSERT = "INSERT INTO events FORMAT JSONEachRow"
# FINAL, because rows of one event are joined in the background, and a sum cannot wait for that.
_USAGE = """\
SELECT agent, count() AS events, sum(tokens) AS tokens, sum(micro_dollars) AS micro_dollars,
    sum(duration_ms) AS duration_ms
FROM events FINAL WHERE user_id = {user} GROUP BY agent ORDER BY agent FORMAT JSONEachRow"""


@dataclass(frozen=True, kw_only=True)
class Use:
    """What an agent, or all of them, did for a user."""

    events: int
    tokens: int
    usd: float
    duration_ms: float


class EventStore:
    """Writes events and sums them up."""

    def __init__(self, server: ClickHouse) -> None:
        self._server = server
        self._is_migrated = False

    async def write(self, events: Sequence[Event]) -> None:
        """Store ``events``; those that are stored already stay as one. Raises StoreError."""
        await self._ask(_INSERT, "\n".join(json.dumps(_row(event)) for event in events))

    async def usage(self, user_id: str) -> dict[str, Any]:
        """Return what the agents did for a user, in sum and one by one. Raises StoreError."""
        agents = {row["agent"]: _use(row) for row in await self._ask(_USAGE.format(user=text(user_id)))}
        total = Use(
            events=sum(use.events for use in agents.values()),
            tokens=sum(use.tokens for use in agents.values()),
            usd=round(sum(use.usd for use in agents.values()), 6),
            duration_ms=sum(use.duration_ms for use in agents.values()),
        )
        by_agent = [{"agent": agent, **asdict(use)} for agent, use in agents.items()]
        return {"user_id": user_id, **asdict(total), "by_agent": by_agent}

    async def migrate(self) -> None:
        """Bring the schema up to date: each file is one statement that may run again. Raises StoreError."""
        for path in sorted(_MIGRATIONS.glob("*.sql")):
            await self._server.query(path.read_text())
        self._is_migrated = True

    async def check(self) -> None:
        """Return where ClickHouse answers. Raises StoreError."""
        await self._server.query("SELECT 1 FORMAT JSONEachRow")

    async def _ask(self, sql: str, data: str = "") -> list[Row]:
        if not self._is_migrated:
            await self.migrate()
        try:
            return await self._server.query(sql, data)
        except TableMissingError:  # the database was made anew, as after each test of a suite
            await self.migrate()
            return await self._server.query(sql, data)


def _row(event: Event) -> Row:
    return {
        "event_id": event.identity,
        **event.model_dump(include={"event", "user_id", "thread_id", "agent", "duration_ms", "tokens"}),
        "at": int(event.at.timestamp()),
        "micro_dollars": event.micro_dollars,
    }


def _use(row: Row) -> Use:
    # ClickHouse writes 64 bits as a string or as a number, by its version.
    return Use(
        events=int(row["events"]),
        tokens=int(row["tokens"]),
        usd=float(Decimal(row["micro_dollars"]) / 1_000_000),
        duration_ms=float(row["duration_ms"]),
    )
