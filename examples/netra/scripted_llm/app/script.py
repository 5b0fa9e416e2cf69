"""What the scripted model answers: always the same to the same question, and it always says that it is a script."""

import re
from enum import StrEnum
from typing import Any, Final

MODEL: Final = "scripted-llm"
SLOW_SECONDS: Final = 0.5
_MONEY: Final = re.compile(r"\b(cost|spend|waste|bill)", re.IGNORECASE)
_ADVICE: Final = """(scripted) Stop idle machines at night
(scripted) Move rarely read data to cold storage
(scripted) Buy savings plans for what always runs"""


class Behaviour(StrEnum):
    """How the server answers. ``scripted:WORD`` in the model's name or in the question asks for it."""

    ANSWER = "answer"
    HANG = "hang"
    """Nothing comes, until the client gives up."""
    SLOW = "slow"
    """The answer takes ``SLOW_SECONDS``."""
    CUT = "cut"
    """The connection ends in the middle of the answer."""
    NONSENSE = "nonsense"
    """An answer of the protocol that holds no word."""
    PAGE = "page"
    """A web page with status 200, as from a proxy."""
    ERROR = "error"
    """HTTP 500."""
    BUSY = "busy"
    """HTTP 429."""


_WANTED: Final = re.compile(rf"scripted:({'|'.join(Behaviour)})\b")


def behaviour_of(request: dict[str, Any]) -> Behaviour:
    """Return how to answer ``request``, by the words in its model's name or in its last message."""
    found = _WANTED.search(f"{request['model']} {_question(request)}")
    return Behaviour(found[1]) if found else Behaviour.ANSWER


def answer_to(request: dict[str, Any]) -> str:
    """Return the text of the answer."""
    question = _question(request)
    if _MONEY.search(question):
        return _ADVICE
    return f"(scripted) This is no language model; it read {len(question.split())} words."


def _question(request: dict[str, Any]) -> str:
    return str(request["messages"][-1].get("content") or "")
