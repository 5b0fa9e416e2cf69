"""Which quarantine a run is judged with: the file of the checkout, and of a pull request what its base has, too."""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from ci_toolkit.config.quarantine import load_quarantine, quarantine_limits
from ci_toolkit.config.quarantine_file import QuarantineError, read_quarantine
from ci_toolkit.github.job import base_of, is_commit, read_event
from ci_toolkit.model.quarantine import QUARANTINE_FILE, Quarantine, QuarantineEntry, QuarantineInForce
from ci_toolkit.suite.base_file import UnknownCommitError, file_at
from ci_toolkit.verdict.quarantine import in_both

_GITLAB_BASE = "CI_MERGE_REQUEST_DIFF_BASE_SHA"


def quarantine_in_force(root: Path, environment: Mapping[str, str] = os.environ) -> QuarantineInForce | None:
    """Return the quarantine of the project in ``root``; None where nothing is in quarantine.

    Raises QuarantineError for a file that cannot be used, ConfigurationError for wrong limits.
    """
    limits = quarantine_limits(root)
    file = load_quarantine(root)
    if not file.entries:
        return None
    base = _base(environment)
    entries, held_back = _within_base(root, file, base) if base else (file.entries, ())
    return QuarantineInForce(file=file, entries=entries, base=base, held_back=held_back, today=today(), limits=limits)


def today() -> date:
    """Return today's date in UTC, by which entries expire."""
    return datetime.now(tz=UTC).date()


def _base(environment: Mapping[str, str]) -> str:
    gitlab = environment.get(_GITLAB_BASE, "")
    return base_of(read_event(environment)) or (gitlab if is_commit(gitlab) else "")


def _within_base(root: Path, file: Quarantine, base: str) -> tuple[tuple[QuarantineEntry, ...], tuple[str, ...]]:
    try:
        data = file_at(root, base, QUARANTINE_FILE)
        before = Quarantine() if data is None else read_quarantine(data)
    except UnknownCommitError:
        return (), ("every entry, for the base is not in this checkout: check it out with `fetch-depth: 2`",)
    except QuarantineError:
        return (), ("every entry, for the file of the base cannot be read",)
    return in_both(file, before)
