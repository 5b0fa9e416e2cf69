"""What the settings of a project ask for, and what is wrong with them."""

from ci_toolkit.errors import ToolkitError
from ci_toolkit.model.record import Record


class Wishes(Record, frozen=True, kw_only=True):
    """What `ci-toolkit run` and `ci-toolkit plan` would be told by the settings, without a flag."""

    extras: tuple[tuple[str, str], ...] = ()
    """(extra, what needs it) of the extras without which a setting cannot be followed."""
    real_services: bool = False
    provider: str = ""
    """The only one that may be used."""
    alpine: bool = True
    dynamic_ports: bool = False
    real_llm: bool = False
    history: str = ""
    """Where it is kept; ``""`` is nowhere."""
    mode: str = ""
    categories: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    """The folders that runs write to."""


class Trouble(Record, frozen=True, kw_only=True):
    """Why something cannot be used, as an error of ours says it."""

    message: str
    advice: str
    exit_code: int


def trouble_of(error: ToolkitError) -> Trouble:
    """Return what ``error`` says."""
    return Trouble(message=error.message, advice=error.advice, exit_code=int(error.exit_code))
