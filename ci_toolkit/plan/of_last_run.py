"""What of a suite runs: the tests that did not pass last time, alone or before the others."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.last_run import LastRun, OfLastRun, Steps
from ci_toolkit.model.node_id import names_above
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import Suite


class Choice(Record, frozen=True, kw_only=True):
    """A suite less the files of which nothing is to run, and what runs of the others."""

    suite: Suite
    only: tuple[str, ...] = ()
    """Node ids of what runs; empty is everything."""
    first: tuple[str, ...] = ()
    """Node ids of what each shard runs first."""
    note: str = ""
    """What a reader should hear about it."""
    steps: Steps | None = None
    """Of a stepwise run."""


def choose(suite: Suite, last: LastRun | None, of_last_run: OfLastRun) -> Choice:
    """Return what of ``suite`` runs; ``last`` is None where no run is remembered.

    Raises NothingToRunError if ``of_last_run`` asks for tests that did not pass, and there are none.
    """
    if of_last_run is OfLastRun.NOTHING:
        return Choice(suite=suite)
    known = last or LastRun()
    if of_last_run.is_stepwise:
        return _steps(suite, known if of_last_run is not OfLastRun.STEPWISE_RESET else LastRun(), of_last_run)
    names = known.failed if of_last_run is not OfLastRun.FAILED else tuple(sorted({*known.failed, *known.unsure}))
    where = _found(suite, names)
    found = tuple(where)
    if of_last_run is OfLastRun.FAILED_FIRST:
        return Choice(suite=suite, first=found)
    is_for_failures_alone = of_last_run is OfLastRun.LAST_FAILED_ALONE and not names
    if not found and (of_last_run is OfLastRun.FAILED or is_for_failures_alone):
        raise NothingToRunError(_nothing(last, names), advice="Run the whole suite with `ci-toolkit run`.")
    if not found:
        return Choice(suite=suite, note=f"{_nothing(last, names)}: all tests run")
    note = f"only the {len(found)} that did not pass last time run" if len(found) != 1 else f"only {found[0]} runs"
    return Choice(suite=_holding(suite, where), only=found, note=note)


def _steps(suite: Suite, known: LastRun, of_last_run: OfLastRun) -> Choice:
    steps = Steps(suite=_digest(suite))
    where = _found(suite, known.ahead)
    if not where or known.ahead_of != steps.suite:
        is_other = bool(known.ahead) and known.ahead_of != steps.suite
        note = (
            "the suite has other tests than the last stepwise run: all run" if is_other else "stepwise: all tests run"
        )
        return Choice(suite=suite, note=note, steps=steps)
    stopped_at = tuple(name for name in where if name in known.failed)
    if of_last_run is OfLastRun.STEPWISE_SKIP:
        steps = Steps(suite=steps.suite, passed_over=stopped_at)
    start = f"goes on from {stopped_at[0]}" if stopped_at else "goes on"
    note = f"stepwise: the run {start}, and what passed since the first of these runs is left out (all: --sw-reset)"
    return Choice(suite=_holding(suite, where), only=tuple(where), first=stopped_at, note=note, steps=steps)


def _found(suite: Suite, names: Iterable[str]) -> dict[str, str]:
    """Return those of ``names`` that are in ``suite``, each with the path of its file."""
    paths = {file.path for file in suite.files}
    return {name: path for name in names for path in names_above(name) if path in paths}


def _holding(suite: Suite, where: Mapping[str, str]) -> Suite:
    holding = {*where.values()}
    return msgspec.structs.replace(suite, files=tuple(file for file in suite.files if file.path in holding))


def _digest(suite: Suite) -> str:
    names = sorted((file.path, sorted(file.anchors)) for file in suite.files)
    return hashlib.sha256(msgspec.json.encode(names)).hexdigest()


def _nothing(last: LastRun | None, names: Iterable[str]) -> str:
    if last is None:
        return "no earlier run is remembered"
    return "what did not pass last time is not in this suite" if tuple(names) else "every test passed last time"
