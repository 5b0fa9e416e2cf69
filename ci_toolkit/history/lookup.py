"""What history says about a suite: its durations, and all that a reader of the plan should hear about them."""

import statistics
from collections.abc import Callable, Sequence

import msgspec

from ci_toolkit.history.expected import expected_durations
from ci_toolkit.history.renamed_files import earlier_paths
from ci_toolkit.history.store import DAY, HistoryStore, KnownEnvironment
from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.history import JobRun
from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.suite import SuiteFile
from ci_toolkit.model.wording import number_of, some_of
from ci_toolkit.plan.sanitize import is_valid

STALE_AFTER_DAYS = 14
_JOBS_ASKED = 40
"""The latest shards by whose times overhead is judged."""
_NAMED = 3
NO_HISTORY = PlanNote(
    kind="no-history",
    message="there is no history yet, so each test counts as 1 s; the next plan uses the times of this run",
)


def durations_of(
    files: Sequence[SuiteFile], store: HistoryStore, environment: str, *, now: float, exists: Callable[[str], bool]
) -> Durations:
    """Return what ``store`` knows of ``files``, of ``environment`` before others.

    A file that is unknown there takes its times from the file that it was renamed from (one that no longer
    ``exists``), then from the environment that was recorded last.
    """
    known = store.environments()
    if not known:
        return Durations(notes=(NO_HISTORY,))
    here = [found for found in known if found.name == environment]
    lookup = _Lookup(files, store, exists)
    for found in (*here, *(other for other in known if other.name != environment)):
        lookup.take(found)
    used = (here or known)[0].name
    jobs = [job for job in store.jobs(used, most=_JOBS_ASKED) if _is_measured(job)]
    between = statistics.median(job.between_seconds / job.tests for job in jobs) if jobs else 0.0
    return Durations(
        files=tuple(_with(between, lookup.found[path]) for path in sorted(lookup.found)),
        environment=used,
        overhead_seconds=_overhead(jobs) if here else None,
        notes=(*_age(here or list(known), now), *lookup.notes(environment, knows_here=bool(here))),
    )


class _Lookup:
    """Collects what each file is expected to take, from one environment after the other."""

    def __init__(self, files: Sequence[SuiteFile], store: HistoryStore, exists: Callable[[str], bool]) -> None:
        self._store = store
        self._exists = exists
        self._wanted = {file.path: file.anchors for file in files}
        self.found: dict[str, FileDurations] = {}
        self._taken: dict[str, int] = {}
        self._renamed: dict[str, str] = {}

    def take(self, environment: KnownEnvironment) -> None:
        """Take what ``environment`` knows of files that are still unknown."""
        missing = self._wanted.keys() - self.found.keys()
        if not missing:
            return
        known = self._store.paths(environment.name)
        direct = known & missing
        gone = {path for path in known - self._wanted.keys() if not self._exists(path)}
        new = {path: self._wanted[path] for path in missing - direct if self._wanted[path]}
        asked = direct | gone if new else direct
        durations = {file.path: file for file in expected_durations(self._store.file_runs(environment.name, asked))}
        for path in direct & durations.keys():
            self.found[path] = durations[path]
        was = earlier_paths({path: durations[path].suffixes for path in gone & durations.keys()}, new) if new else {}
        for path, old in was.items():
            self.found[path] = msgspec.structs.replace(durations[old], path=path)
        self._renamed |= was
        self._taken[environment.name] = len(direct) + len(was)

    def notes(self, environment: str, *, knows_here: bool) -> list[PlanNote]:
        """Return what a reader should hear about where the times are from."""
        notes = []
        for name, files in self._taken.items():
            if name != environment and files:
                what = "they were never" if knows_here else "nothing was"
                message = f"times from {name} are used for {number_of(files, 'file')}: {what} recorded on {environment}"
                notes.append(PlanNote(kind="other-environment", message=message))
        pairs = [f"{new} (was {old})" for new, old in sorted(self._renamed.items())]
        if pairs:
            message = f"renamed files, recognised by their tests, keep their times: {some_of(pairs, _NAMED)}"
            notes.append(PlanNote(kind="renamed-file", message=message))
        unknown = sorted(self._wanted.keys() - self.found.keys())
        if unknown:
            share = f"{len(unknown)} of {number_of(len(self._wanted), 'file')}"
            message = f"no history of {share}, so their times are estimates: {some_of(unknown, _NAMED)}"
            notes.append(PlanNote(kind="unknown-files", message=message))
        return notes


def _age(known: Sequence[KnownEnvironment], now: float) -> list[PlanNote]:
    if not known:
        return []
    days = int((now - max(environment.last_at for environment in known)) / DAY)
    if days < STALE_AFTER_DAYS:
        return []
    message = f"the history is old: it was last recorded {days} days ago, and tests may take other times now"
    return [PlanNote(kind="stale-history", message=message)]


def _is_measured(job: JobRun) -> bool:
    measured = (job.actual_seconds, job.tests_seconds, job.between_seconds)
    return job.is_finished and job.tests > 0 and all(map(is_valid, measured))


def _with(between: float, file: FileDurations) -> FileDurations:
    # A test costs what pytest does around it too: with thousands of small tests, more than they take themselves.
    return msgspec.structs.replace(file, seconds=tuple([took + between for took in file.seconds])) if between else file


def _overhead(jobs: Sequence[JobRun]) -> float | None:
    if not jobs:
        return None
    middle = statistics.median(job.actual_seconds - job.tests_seconds for job in jobs)
    return middle if middle >= 0.0 else None  # tests side by side (xdist) take more seconds than pass
