"""What clients say over the WebSocket, checked before anything is done with it."""

import json
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator
from shared.errors import Refusal

from netra_backend.app.settings import Limits
from netra_backend.app.text import storable

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Ask(BaseModel):
    """A request to an agent. A plain message is for triage."""

    model_config = ConfigDict(frozen=True)

    type: Literal["agent_request", "message"]
    agent: Annotated[str, StringConstraints(max_length=64)] = "triage_agent"
    message: Annotated[str, Field(validation_alias=AliasChoices("message", "content"))]
    thread_id: Id | Literal[""] = ""
    request_id: Id | Literal[""] = ""
    """The client's own; sent again, it is the same request."""
    context: dict[str, Any] = {}

    @field_validator("message")
    @classmethod
    def _storable(cls, text: str) -> str:
        return storable(text)

    @field_validator("thread_id", "request_id", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("context", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value


def read(text: str, limits: Limits) -> Ask | None:
    """Return what a client asks, ``None`` for a heartbeat. Raises Refusal saying what is wrong with it."""
    if len(text.encode("utf-8", "replace")) > limits.message_bytes:
        raise Refusal(413, "too_large", f"a message may have {limits.message_bytes} bytes")
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refusal(422, "invalid", "send a JSON object") from None
    if not isinstance(value, dict):
        raise Refusal(422, "invalid", "send a JSON object")
    if value.get("type") == "ping":
        return None
    try:
        ask = Ask.model_validate(value)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc'])) or 'message'}: {one['msg']}" for one in error.errors()[:5])
        raise Refusal(422, "invalid", "; ".join(wrong)) from None
    if not ask.message.strip():
        raise Refusal(422, "invalid", "message: say something")
    if len(ask.message) > limits.message_characters:
        raise Refusal(413, "too_large", f"a message may have {limits.message_characters} characters")
    return ask


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
