"""``ci-toolkit flaky``: a failure of the last run reproduced in its order, and what in that order makes it fail."""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ci_toolkit.config.project import project_root
from ci_toolkit.files import STATE_FOLDER
from ci_toolkit.model.record import Record
from ci_toolkit.model.replay import Dependency, Replayed
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line
from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.options import StopRequest
from ci_toolkit.verdict.forensics import Forensics
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.replay import PastRun, Place, Replayer
from ci_toolkit.workflow.run_services import ServiceNeeds, services_for
from ci_toolkit.workflow.shard_options import shard_options
from ci_toolkit.workflow.signals import stop_on_signals
from ci_toolkit.workflow.stop_rules import StopRules
from ci_toolkit.workflow.trial_trees import TrackedFiles, TrialTrees, tracked_now

REPLAYS = Path(STATE_FOLDER) / "replays"


class ReplayRequest(Record, frozen=True, kw_only=True):
    """Which test of which run."""

    test: str
    """Its node id."""
    shard: int | None = None
    """The shard in which it ran; None is the first that has it."""
    plan_path: Path
    results: Path


class Rerun(Record, frozen=True, kw_only=True):
    """What came of running a test again."""

    place: str
    """Where it ran, in words."""
    replays: tuple[Replayed, ...]

    @property
    def failed(self) -> int:
        """How often it failed."""
        return sum(1 for replay in self.replays if replay.failed)


def bisect(request: ReplayRequest, folder: Path, observer: Observer, *, tries: int, most_causes: int) -> Dependency:
    """Return on which of the tests before it the test of ``request`` depends.

    Each order is replayed ``tries`` times at most; causes are looked for up to ``most_causes``. Raises ReplayError,
    ReplayInterruptedError.
    """
    past = PastRun(request.plan_path, request.results)
    place = past.find(request.test, request.shard)
    observer.say(f"{number_of(len(place.before), 'test')} ran before it in shard {place.shard}")
    with _replayer(place, folder, observer) as replayer:

        def replay(before: Sequence[str], *, go: int = 0, files: Sequence[str] = ()) -> Replayed:
            runs = replayer.runs
            replayed = replayer.replay(before, go=go, files=files)
            if replayer.runs == runs:  # it was known
                return replayed
            imported = f", with {', '.join(files)} imported" if files else ""
            observer.say(
                f"run {replayer.runs}: after {number_of(len(before), 'test')}{imported}, it {_ended(replayed)}"
            )
            return replayed

        forensics = Forensics(
            request.test, place.before, past.others(request.test), replay, tries=tries, most_causes=most_causes
        )
        found = forensics.find()
        if found.causes:
            replayer.keep(msgspec.structs.replace(replayer.kept, order=(*found.causes[0].tests, request.test)))
        return msgspec.structs.replace(found, runs=replayer.runs, seconds=replayer.seconds)


def rerun(
    request: ReplayRequest, folder: Path, observer: Observer, *, times: int, is_alone: bool, is_clean: bool
) -> Rerun:
    """Run the test of ``request`` again ``times`` times, each in a new process after the tests that ran before it.

    With ``is_clean`` each runs in a clean checkout, where nothing is that the run left behind. Where a bisection has
    found which of them make it fail, those alone. Raises ReplayError, ReplayInterruptedError.
    """
    place = PastRun(request.plan_path, request.results).find(request.test, request.shard)
    with _replayer(place, folder, observer, is_clean=is_clean) as replayer:
        short = replayer.kept.order[:-1]
        before = () if is_alone else short or place.before
        where = "alone" if is_alone else f"after {number_of(len(before), 'test')} of shard {place.shard}"
        if before and short:
            where += f", which a bisection found among {len(place.before)}"
        where += " in a clean checkout" * is_clean
        observer.say(f"{one_line(request.test)} {where}")
        replays = []
        for number in range(1, times + 1):
            replays.append(replayer.run(before))
            observer.say(f"run {number} of {times}: it {_ended(replays[-1])} ({replays[-1].seconds:.1f} s)")
    return Rerun(place=where, replays=tuple(replays))


def _ended(replayed: Replayed) -> str:
    if replayed.failed is None:
        return f"did not tell ({one_line(replayed.why)})"
    return f"failed ({one_line(replayed.why.partition(chr(10))[0])})" if replayed.failed else "passed"


@contextmanager
def _replayer(place: Place, folder: Path, observer: Observer, *, is_clean: bool = False) -> Iterator[Replayer]:
    root = project_root(folder)
    _tell_differences(place, folder, observer)
    selection = select_categories(root, mode=place.plan.mode)
    stop = StopRequest()
    tracked = tracked_now(folder, in_ci=bool(os.environ.get("CI"))) if is_clean else TrackedFiles()
    trees = TrialTrees(folder, "", tracked, began_at=place.bundle.card.began_at)
    with services_for(ServiceNeeds(), root, observer.say) as services, stop_on_signals(stop), trees:
        options = shard_options(place.plan, folder, selection, StopRules(), services.variables)
        yield Replayer(place, options, folder / REPLAYS, stop, observer, trees=trees if is_clean else None)


def _tell_differences(place: Place, folder: Path, observer: Observer) -> None:
    ran, here = place.environment, platform.python_version()
    if ran is not None and ran.python != here:
        observer.say(f"it ran on Python {ran.python}, and this is {here}")
    commit = commit_of(folder)
    if place.bundle.card.commit and commit and commit != place.bundle.card.commit:
        observer.say(f"it ran on commit {place.bundle.card.commit[:12]}, and {commit[:12]} is checked out")
