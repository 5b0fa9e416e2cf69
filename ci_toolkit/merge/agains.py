"""Reads what tries of failed tests showed that were made at once, in the processes in which they failed."""

from collections import Counter
from collections.abc import Collection

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import LONGEST_SECONDS, FoldedAgain
from ci_toolkit.model.journal import PhaseOutcome
from ci_toolkit.model.merged import TrialEvidence
from ci_toolkit.model.signature import joined, signature_of
from ci_toolkit.model.trial import How, Trial, TrialOutcome


def agains_of(fold: JournalFold, failed: Collection[str]) -> tuple[TrialEvidence, ...]:
    """Return what these tries showed of the tests ``failed``: each that passed or failed, in their order.

    One that was skipped has no outcome; it is there where it may have run what the change wrote before.
    Where several tests have one name, nobody knows whose failure a try is about, and none counts.
    """
    if not fold.agains:
        return ()
    names = Counter(test.node_id for test in fold.tests())
    made = (_evidence(again) for again in fold.agains if names[again.test.node_id] == 1)
    return tuple(
        found
        for found in made
        if found.trial.test in failed and (found.outcome is not None or found.touches is not False)
    )


def _evidence(again: FoldedAgain) -> TrialEvidence:
    outcome = _outcome_of(again)
    return TrialEvidence(
        trial=Trial(test=again.test.node_id, how=How.AGAIN),
        outcome=outcome,
        why_not="" if outcome is not None else "it was skipped",
        seconds=0.0 if outcome is None else outcome.seconds,
        touches=None if again.ended is None else again.ended.touches,
    )


def _outcome_of(again: FoldedAgain) -> TrialOutcome | None:
    ended = again.ended
    if ended is None:  # its process died of it
        return TrialOutcome(failed=True)
    if ended.o is PhaseOutcome.PASSED:
        return TrialOutcome(failed=False, seconds=_seconds(ended.s))
    if ended.o is not PhaseOutcome.FAILED:
        return None
    digests = [signature_of(failure, again.test.node_id).digest for failure in ended.failures]
    return TrialOutcome(failed=True, signature=joined(digests), seconds=_seconds(ended.s))


def _seconds(seconds: float) -> float:
    return seconds if 0.0 <= seconds <= LONGEST_SECONDS else 0.0
