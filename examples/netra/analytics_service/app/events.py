"""What happened in a chat, as the backend tells it."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

MOST_AT_ONCE = 1_000
"""Events of one request."""
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _storable(at: datetime) -> datetime:
    # ClickHouse would refuse the whole batch, again and again.
    if not _EARLIEST <= at < _LATEST:
        raise ValueError(f"is not between {_EARLIEST.year} and {_LATEST.year}")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[int, Field(ge=0, le=10**12)]
Milliseconds = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Event(BaseModel):
    """One step of an agent, with what it cost."""

    model_config = ConfigDict(frozen=True)

    event_id: Annotated[str, StringConstraints(max_length=200)] = ""
    event: Name
    user_id: Name
    thread_id: Annotated[str, StringConstraints(max_length=200)] = ""
    agent: Annotated[str, StringConstraints(max_length=200)] = ""
    at: Moment
    duration_ms: Milliseconds = 0
    tokens: Number = 0
    usd: Dollars = Decimal(0)

    @property
    def identity(self) -> str:
        """What makes it one event however often it is sent: the sender's id, else a digest of all that it says."""
        return self.event_id or hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def micro_dollars(self) -> int:
        """The cost, in whole millionths of a dollar: sums of these are exact."""
        return round(self.usd * 1_000_000)


Events = Annotated[list[Event], Field(max_length=MOST_AT_ONCE)]
