"""Reads what trials showed: each outcome from the trial's own sealed journals, and none from the card's word."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ci_toolkit.merge.agains import agains_of
from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.journals import sealed_journal
from ci_toolkit.merge.results import ResultsByName, read_journal
from ci_toolkit.model.bundle import JOURNAL_FOLDER, TRIALS_FOLDER, JournalSeal, ShardState, TrialRecord
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import PhaseOutcome
from ci_toolkit.model.merged import TrialEvidence
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.result import TestResult
from ci_toolkit.model.signature import joined, signature_of
from ci_toolkit.model.trial import How, Tree, Trial, TrialOutcome, not_collected

MOST_TRIALS = 10_000
"""Of one bundle; a budget allows far fewer."""


class _Journals:
    """What the journals of one process say."""

    def __init__(self, fold: JournalFold, *, is_collected: bool) -> None:
        self.fold = fold
        self.is_collected = is_collected
        """Whether its collection came to an end."""
        self.results = ResultsByName(fold)


class TrialsOfBundle:
    """What the trials in one bundle showed, and what is wrong with their journals."""

    def __init__(self, bundle: Bundle, sources: Mapping[str, str]) -> None:
        """Read trials of ``bundle``; ``sources`` is what its shard executed: path to digest."""
        self.problems: list[Problem] = []
        self._bundle = bundle
        self._sources = sources
        self._shared: dict[tuple[int, tuple[JournalSeal, ...]], _Journals] = {}
        """One process tells of many tests: it is read once."""

    def of(self, failed: Collection[str]) -> tuple[TrialEvidence, ...]:
        """Return what the bundle's own trials of the tests ``failed`` showed."""
        is_sealed = self._bundle.card.state is not ShardState.RUNNING
        records = self._bundle.card.trials[:MOST_TRIALS] if is_sealed else ()
        return tuple(self.read(record) for record in records if record.trial.test in failed)

    def read(self, record: TrialRecord) -> TrialEvidence:
        """Return what one trial showed, whose journals are in the bundle's folder."""
        outcome, why_not = None, record.why_not
        if not why_not:
            outcome, why_not = self._outcome(record, self._journals(record))
        return TrialEvidence(trial=record.trial, outcome=outcome, why_not=why_not, seconds=max(0.0, record.seconds))

    def fold_of(self, record: TrialRecord) -> JournalFold:
        """Return all that the journals of one trial say, tracebacks included."""
        return self._journals(record).fold

    def _journals(self, record: TrialRecord) -> _Journals:
        key = record.number, record.journals
        known = self._shared.get(key)
        if known is not None:
            return known
        journals = self._read(record)
        self.problems += journals.fold.problems
        if record.trial.how in {How.BATCH, How.ORDER}:
            self._shared[key] = journals
        return journals

    def _read(self, record: TrialRecord) -> _Journals:
        index = self._bundle.card.index
        fold = JournalFold(index)
        fold.begin_attempt()
        folder = Path(self._bundle.folder, TRIALS_FOLDER, str(record.number), JOURNAL_FOLDER)
        place = f"shard-{index}/{TRIALS_FOLDER}/{record.number}/{JOURNAL_FOLDER}"
        if any(part.is_symlink() for part in (folder, folder.parent, folder.parent.parent)):
            fold.note(ProblemKind.JOURNAL_UNKNOWN, f"{place} is a link")
            return _Journals(fold, is_collected=False)
        is_collected = False
        for seal in sorted(record.journals, key=lambda seal: seal.name):
            file = sealed_journal(folder, seal)
            if file is None or file.attempt != record.attempt:
                message = f"{place} holds {seal.name!r}, which is no journal of this trial"
                fold.note(ProblemKind.JOURNAL_UNKNOWN, message)
            elif not file.path.exists():
                fold.note(ProblemKind.JOURNAL_MISSING, f"{place}/{seal.name} is missing")
            else:
                process = read_journal(fold, file, self._bundle)
                is_collected |= process is not None and process.is_collected
        return _Journals(fold, is_collected=is_collected)

    def _outcome(self, record: TrialRecord, journals: _Journals) -> tuple[TrialOutcome | None, str]:
        """Return how the trial ended, or None and why nobody knows."""
        trial, fold = record.trial, journals.fold
        doubt = self._doubt(trial.tree, fold)
        if doubt:
            return None, doubt
        results = journals.results.of(trial.test)
        if results and trial.how is How.REPEATED and _passed_again(fold, trial.test):
            return TrialOutcome(failed=False), ""
        missing = _uncollected(fold) if trial.tree is Tree.BASE or trial.is_clean else ""
        if missing and not any(result.node_id == trial.test and result.outcome.is_failure for result in results):
            return None, not_collected(trial, missing)  # neither was tried what is not there, nor what comes after it
        if results:
            return _outcome_of(results, trial)
        if trial.tree is Tree.BASE and journals.is_collected:
            return TrialOutcome(failed=False, is_there=False), ""
        return None, f"the {trial.tree} did not come to the test in a trial"

    def _doubt(self, tree: Tree, fold: JournalFold) -> str:
        """Return why the journals of a trial tell nothing, or ``""``."""
        if fold.problems:
            return f"the journals of a trial of the {tree} are damaged"
        if tree is Tree.HEAD:
            return "the sources were changed while trials ran" if _differs(fold.sources, self._sources) else ""
        foreign = next((path for path in fold.sources if path.startswith("/")), "")
        return f"the base cannot be tried: its tests import what is checked out here ({foreign})" if foreign else ""


def _outcome_of(results: Sequence[TestResult], trial: Trial) -> tuple[TrialOutcome | None, str]:
    failed = next((result for result in results if result.outcome.is_failure), None)
    if failed is not None:
        digests = [signature_of(phase.failure, trial.test).digest for phase in failed.failures]
        return TrialOutcome(failed=True, signature=joined(digests)), ""
    if all(result.outcome.is_pass for result in results):
        return TrialOutcome(failed=False), ""
    return None, f"in a trial of the {trial.tree} it was {results[0].outcome}"


def _uncollected(fold: JournalFold) -> str:
    """Return the first file that could not be collected, with why, or ``""``."""
    failed = (record for record in fold.uncollectable.values() if record.outcome is PhaseOutcome.FAILED)
    record = next(failed, None)
    return "" if record is None else f"{record.node_id}: {record.failure.message.partition(chr(10))[0]}"


def _passed_again(fold: JournalFold, test: str) -> bool:
    made = agains_of(fold, {test})
    return any(again.outcome is not None and not again.outcome.failed for again in made)


def _differs(some: Mapping[str, str], others: Mapping[str, str]) -> bool:
    return any(others.get(path, digest) != digest for path, digest in some.items())
