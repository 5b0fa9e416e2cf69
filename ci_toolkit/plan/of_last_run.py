"""What of a suite runs: the tests that did not pass last time, alone or before the others."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.last_run import LastRun
from ci_toolkit.model.node_id import names_above
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import Suite


class OfLastRun(StrEnum):
    """Which tests of the last run somebody asks for."""

    NOTHING = ""
    LAST_FAILED = "last-failed"
    """Those that failed; the whole suite where none did, as pytest's ``--lf``."""
    FAILED_FIRST = "failed-first"
    """The whole suite, in each shard those that failed first, as pytest's ``--ff``."""
    FAILED = "failed"
    """Those that failed, were lost or were flaky, and nothing where there are none."""


class Choice(Record, frozen=True, kw_only=True):
    """A suite less the files of which nothing is to run, and what runs of the others."""

    suite: Suite
    only: tuple[str, ...] = ()
    """Node ids of what runs; empty is everything."""
    first: tuple[str, ...] = ()
    """Node ids of what each shard runs first."""
    note: str = ""
    """What a reader should hear about it."""


def choose(suite: Suite, last: LastRun | None, of_last_run: OfLastRun) -> Choice:
    """Return what of ``suite`` runs; ``last`` is None where no run is remembered.

    Raises NothingToRunError if ``of_last_run`` asks for tests that did not pass, and there are none.
    """
    if of_last_run is OfLastRun.NOTHING:
        return Choice(suite=suite)
    known = last or LastRun()
    names = known.failed if of_last_run is not OfLastRun.FAILED else tuple(sorted({*known.failed, *known.unsure}))
    paths = {file.path for file in suite.files}
    where = {name: path for name in names for path in names_above(name) if path in paths}
    found = tuple(where)
    if of_last_run is OfLastRun.FAILED_FIRST:
        return Choice(suite=suite, first=found)
    if not found and of_last_run is OfLastRun.FAILED:
        raise NothingToRunError(_nothing(last, names), advice="Run the whole suite with `ci-toolkit run`.")
    if not found:
        return Choice(suite=suite, note=f"{_nothing(last, names)}: all tests run")
    holding = {*where.values()}
    files = tuple(file for file in suite.files if file.path in holding)
    note = f"only the {len(found)} that did not pass last time run" if len(found) != 1 else f"only {found[0]} runs"
    return Choice(suite=msgspec.structs.replace(suite, files=files), only=found, note=note)


def _nothing(last: LastRun | None, names: Iterable[str]) -> str:
    if last is None:
        return "no earlier run is remembered"
    return "what did not pass last time is not in this suite" if tuple(names) else "every test passed last time"
