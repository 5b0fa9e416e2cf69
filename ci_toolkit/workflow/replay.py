"""Replays a test of the last run: in its order or after some of the tests before it, each time in a new process."""

import difflib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ExitCode, FormatError, ToolkitError
from ci_toolkit.files import make_folder, replace_file
from ci_toolkit.merge.bundles import Bundle, open_delivery
from ci_toolkit.merge.results import BundleReading, ResultsByName
from ci_toolkit.merge.trials import TrialsOfBundle
from ci_toolkit.model.environment import Environment
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import Failure
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import encode, from_json, restore_surrogates, to_json
from ci_toolkit.model.replay import REPLAYS_SCHEMA, Replayed, Replays
from ci_toolkit.model.signature import joined, signature_of
from ci_toolkit.model.trial import How, NoTrialError, Trial
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.trial import TrialOrder, for_trials, run_trial
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import read_plan
from ci_toolkit.workflow.trial_trees import TrialTrees

_DIGITS = 16


class ReplayError(ToolkitError):
    """A test cannot be replayed: no run of it is at hand."""

    slug = "replay"


class ReplayInterruptedError(ToolkitError):
    """Somebody ended the replays; what they told so far is kept."""

    exit_code = ExitCode.INTERRUPTED
    slug = "interrupted"


class PastRun:
    """The run that left its bundles in a folder."""

    def __init__(self, plan_path: Path, results: Path) -> None:
        """Read the bundles below ``results``. Raises ReplayError where there is no such run."""
        try:
            self.plan = read_plan(plan_path)
            delivery = open_delivery(results, self.plan)
        except FormatError as error:
            raise ReplayError(f"there is no run to replay: {error.message}", advice=_NO_RUN) from error
        self._readings = [(bundle, BundleReading(bundle)) for _, bundle in sorted(delivery.bundles.items())]
        if not self._readings:
            raise ReplayError(f"no bundle in {results} is of the run of {plan_path}", advice=_NO_RUN)

    def find(self, test: str, shard: int | None = None) -> "Place":
        """Return where ``test`` ran, in ``shard`` if one is named. Raises ReplayError where it did not."""
        known: list[str] = []
        for bundle, reading in self._readings:
            if shard is not None and bundle.card.index != shard:
                continue
            order = reading.order_until(test)
            if order:
                return Place(self.plan, bundle, test, order[:-1], dict(reading.fold.sources))
            known += [ran.node_id for sequence in reading.fold.sequences for ran in sequence]
        shards = [bundle.card.index for bundle, _ in self._readings]
        if shard is not None and shard not in shards:
            raise ReplayError(
                f"there is no bundle of shard {shard}", advice=nearest(str(shard), [*map(str, shards)], "shards")
            )
        where = f"shard {shard}" if shard is not None else "any shard"
        near = difflib.get_close_matches(test, known, n=1)
        advice = f"Did you mean '{near[0]}'?" if near else "Give the node id as the run shows it."
        raise ReplayError(f"{test} did not run in {where} of the run", advice=advice)

    def others(self, test: str) -> tuple[str, ...]:
        """Return every test that ran in any shard but ``test``, in the order of the shards."""
        sequences = (sequence for _, reading in self._readings for sequence in reading.fold.sequences)
        ran = dict.fromkeys(ran.node_id for sequence in sequences for ran in sequence)
        return tuple(name for name in ran if name != test)


class Place:
    """Where a test ran: its shard, and the tests before it in its process."""

    def __init__(self, plan: Plan, bundle: Bundle, test: str, before: tuple[str, ...], sources: dict[str, str]) -> None:
        self.plan = plan
        self.bundle = bundle
        self.test = test
        self.before = before
        self._sources = sources

    @property
    def shard(self) -> int:
        """The index of the shard."""
        return self.bundle.card.index

    @property
    def environment(self) -> Environment | None:
        """What ran it, as far as its bundle says."""
        return self.bundle.card.environment

    def digest(self, root: Path) -> str:
        """Return what names the order, and the sources that the shard executed as they are now below ``root``."""
        found = hashlib.sha256(encode((self.plan.run_id, self.test, self.before)))
        for path in sorted(self._sources):
            found.update(encode(path))
            file = root / restore_surrogates(path)
            found.update(file.read_bytes() if file.is_file() else b"\0gone")
        return found.hexdigest()


class Replayer:
    """Replays one test, and keeps what it told in a file, so that nothing is run twice."""

    def __init__(
        self,
        place: Place,
        options: ShardOptions,
        folder: Path,
        stop: StopRequest,
        observer: Observer,
        *,
        trees: TrialTrees | None = None,
    ) -> None:
        """``folder`` takes the journals and what is kept; with ``trees``, each replay has a clean checkout."""
        self._place = place
        self._options = for_trials(options, place.bundle.card)
        self._folder = make_folder(folder / hashlib.sha256(encode(place.test)).hexdigest()[:_DIGITS])
        self._stop = stop
        self._trees = trees
        self._observer = observer
        self._of = place.digest(Path(restore_surrogates(options.root)))
        self.kept = self._read()
        self.runs = len(self.kept.answers)
        self.seconds = sum(answer.seconds for answer in self.kept.answers.values())

    def replay(self, before: Sequence[str], *, go: int = 0, files: Sequence[str] = ()) -> Replayed:
        """Return how the test ends after the tests ``before``; ``go`` tells replays of one order apart.

        ``files`` are imported though none of their tests runs. Raises ReplayInterruptedError.
        """
        key = hashlib.sha256(encode((tuple(before), go, tuple(files)))).hexdigest()[:_DIGITS]
        known = self.kept.answers.get(key)
        if known is not None:
            return known
        answer = self.run(before, files)
        self.runs += 1
        self.seconds += answer.seconds
        self.keep(msgspec.structs.replace(self.kept, answers={**self.kept.answers, key: answer}))
        return answer

    def keep(self, replays: Replays) -> None:
        """Write what is known to the file."""
        self.kept = replays
        replace_file(self._folder / "replays.json", to_json(replays))

    def _read(self) -> Replays:
        new = Replays(test=self._place.test, of=self._of)
        path = self._folder / "replays.json"
        try:
            kept = from_json(path.read_bytes(), Replays, schema=REPLAYS_SCHEMA, origin=str(path))
        except (OSError, FormatError):
            return new
        if kept.of != self._of or kept.test != self._place.test:
            self._observer.say("earlier replays were of another run or of other sources, so they do not count")
            return new
        if kept.answers:
            self._observer.say(f"{len(kept.answers)} earlier replays count")
        return kept

    def run(self, before: Sequence[str], files: Sequence[str] = ()) -> Replayed:
        """Run the test after the tests ``before``, and keep nothing of it. Raises ReplayInterruptedError."""
        place = self._place
        trial = Trial(test=place.test, how=How.ORDER)
        tests = (*before, place.test)
        options, moved = self._options, None
        if self._trees is not None:
            try:
                options, moved = self._trees.of_head(options)
            except NoTrialError as error:
                raise ReplayError(f"there is no clean checkout: {error}", advice="Leave out --clean.") from error
        order = TrialOrder(
            number=1,
            trial=trial,
            shard=place.shard,
            tests=tests,
            pieces=dict.fromkeys((*(split_node_id(test)[0] for test in tests), *files), 0),
            moved=moved,
        )
        record = run_trial(place.plan, order, self._folder, options, stop=self._stop)
        if self._stop.is_asked:
            raise ReplayInterruptedError(
                f"the replays were ended: {self._stop.reason}",
                advice=f"{len(self.kept.answers)} are kept: the same command goes on from there.",
            )
        replayed = TrialsOfBundle(Bundle(folder=str(self._folder), card=place.bundle.card), {})
        told = told_of(replayed.fold_of(record), place.test, record.why_not)
        return msgspec.structs.replace(told, seconds=record.seconds)


def told_of(fold: JournalFold, test: str, why_not: str) -> Replayed:
    """Return what the journals of a replay say of ``test``; ``why_not`` is why the process told nothing, if it did."""
    results = ResultsByName(fold).of(test)
    failed = next((result for result in results if result.outcome.is_failure), None)
    if failed is not None:
        return _failed([phase.failure for phase in failed.failures], test)
    if results:
        is_pass = all(result.outcome.is_pass for result in results)
        return Replayed(failed=False if is_pass else None, why="" if is_pass else f"it was {results[0].outcome}")
    died = next((f"{ran.node_id}: {_message(ran)}" for ran in fold.tests() if ran.has_failed and ran.is_over), "")
    return Replayed(failed=None, why=f"it never ran, after {died}" if died else why_not or "it never ran")


def _failed(failures: Sequence[Failure], test: str) -> Replayed:
    bare = [msgspec.structs.replace(failure, message="") for failure in failures]
    return Replayed(
        failed=True,
        signature=joined([signature_of(failure, test).digest for failure in failures]),
        likeness=joined([signature_of(failure, test).digest for failure in bare]),
        why=failures[0].message,
    )


def _message(ran: FoldedTest) -> str:
    return ran.result().failures[0].failure.message.partition("\n")[0]


_NO_RUN = "Run the suite with `ci-toolkit run`, or give the plan and the bundles of a run with --plan and --results."
