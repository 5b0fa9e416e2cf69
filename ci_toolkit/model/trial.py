"""Trials: further runs of a failed test, asked for because their outcome tells two explanations apart."""

from enum import StrEnum

from ci_toolkit.model.record import Record


class Where(StrEnum):
    """On which machine a trial runs."""

    SAME = "same"
    OTHER = "other"
    """A fresh one."""


class How(StrEnum):
    """What surrounds the test in a trial."""

    AGAIN = "again"
    """In the process in which it failed, at once."""
    ISOLATED = "isolated"
    """Alone in a fresh process."""
    BATCH = "batch"
    """In a fresh process, with the other failures of the run."""
    ORDER = "order"
    """In a fresh process, after the tests that ran before it."""

    REPEATED = "repeated"
    """After these tests too, and then at once again and again until it passes: it failed only if it never did."""

    @property
    def is_charged(self) -> bool:
        """Whether it counts for the budget: without batches a run with an outage is worth nothing."""
        return self is not How.BATCH


class Tree(StrEnum):
    """Which sources a trial runs."""

    HEAD = "head"
    BASE = "base"
    """The merge base; of a run on main, the commit before."""


class Trial(Record, frozen=True, kw_only=True):
    """One more run of a failed test."""

    test: str
    where: Where = Where.SAME
    how: How = How.ISOLATED
    tree: Tree = Tree.HEAD
    is_clean: bool = False
    """Whether the head runs in a clean checkout: nothing that the first failure left in the checkout is there."""


_OF_WHAT_IS_MISSING = ("ModuleNotFoundError", "ImportError", "FileNotFoundError")


def not_collected(trial: Trial, why: str) -> str:
    """Return why ``trial``, in a work tree, does not tell: what it was to run could not be collected there."""
    if trial.tree is Tree.HEAD:
        return f"the tests could not be collected there ({why})"
    words = f"the base could not be collected ({why})"
    if any(name in why for name in _OF_WHAT_IS_MISSING):
        return (
            f"{words}; its work tree has only what is committed, no submodule and nothing that a build made: commit "
            "that, or let imports do without it"
        )
    return words


class TrialOutcome(Record, frozen=True, kw_only=True):
    """How a trial ended."""

    failed: bool
    signature: str = ""
    """``Signature.digest`` of the failure."""
    is_there: bool = True
    """Whether these sources have the test; one that they do not have has not failed."""
    seconds: float = 0.0
    """What it took; 0 where nobody knows, and it costs what it was priced at."""


class NoTrialError(Exception):
    """There is no outcome of this trial; the message says why, in words that follow what was seen before."""


class NotMadeError(NoTrialError):
    """Nobody has made this trial, and nobody will; another test may have one."""
