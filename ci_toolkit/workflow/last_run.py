"""Keeps beside the reports what did not pass, for ``--lf``, ``--ff``, ``--failed`` and ``--sw``."""

from pathlib import Path

from ci_toolkit.errors import FormatError
from ci_toolkit.files import replace_file
from ci_toolkit.model.last_run import LAST_RUN_SCHEMA, LastRun, OfLastRun, Steps
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import from_json, to_json
from ci_toolkit.model.suite import Suite
from ci_toolkit.model.verdict import Verdict
from ci_toolkit.plan.of_last_run import Choice, choose
from ci_toolkit.verdict.last_run import remember
from ci_toolkit.workflow.observer import Observer

LAST_RUN = "last-run.json"
"""No report: it outlives a run that is refused, and a mistyped option does not make anybody run everything again."""


def choose_tests(suite: Suite, out: Path, of_last_run: OfLastRun, observer: Observer) -> Choice:
    """Return what of ``suite`` runs, by what the last run left in ``out``. Raises NothingToRunError.

    Where ``of_last_run`` is nothing, the suite's own options hold.
    """
    asked = suite.of_last_run if of_last_run is OfLastRun.NOTHING else of_last_run
    choice = choose(suite, read_last_run(out, observer) if asked is not OfLastRun.NOTHING else None, asked)
    if choice.note:
        observer.say(choice.note)
    return choice


def read_last_run(out: Path, observer: Observer) -> LastRun | None:
    """Return what the last run left in ``out``, or None where none did; one that cannot be read is told."""
    path = out / LAST_RUN
    try:
        return from_json(path.read_bytes(), LastRun, schema=LAST_RUN_SCHEMA, origin=str(path))
    except FileNotFoundError:
        return None
    except (OSError, FormatError) as error:
        observer.say(f"what the last run left cannot be used: {error}")
        return None


def keep_last_run(out: Path, plan: Plan, verdict: Verdict, observer: Observer, steps: Steps | None) -> None:
    """Write to ``out`` what did not pass; ``steps`` are those of a stepwise run."""
    remembered = remember(read_last_run(out, observer) or LastRun(), plan, verdict, steps)
    replace_file(out / LAST_RUN, to_json(remembered))
