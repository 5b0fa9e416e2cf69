"""Tries the head for a hearing: in a clean checkout, as far as that tells."""

from collections.abc import Callable

from ci_toolkit.model.trial import How, NotMadeError, NoTrialError, TrialOutcome, Where
from ci_toolkit.verdict.court.case import FailedTest
from ci_toolkit.verdict.court.trials import BudgetSpentError, Trials


class HeadTrials:
    """The trials of the head for one failure.

    In the checkout of the run the test may pass by what its first failure left, such as a file. Where a clean one does
    not tell, for the suite needs what is not in the repository, it is tried in that of the run.
    """

    def __init__(
        self, failure: FailedTest, trials: Trials, is_alike: Callable[[str], bool], say: Callable[[str], None]
    ) -> None:
        """``is_alike`` says whether a signature is that of the failure; ``say`` takes why a clean one does not tell."""
        self._failure = failure
        self._trials = trials
        self._is_alike = is_alike
        self._say = say
        self._tells: bool | None = None
        """Whether trials in a clean checkout tell of it; None before the first."""
        self._enough = {How.REPEATED}
        """How a pass in a clean checkout counts. Else it has to pass in the other too, where it may fail of more."""

    @property
    def is_clean(self) -> bool:
        """Whether it was tried in a clean checkout, and that told."""
        return self._tells is True

    def note_pass_at_once(self) -> None:
        """Take note that it passed in the checkout of the run: it need not do so again."""
        self._enough.update(How)

    def run(self, how: How, where: Where) -> TrialOutcome:
        """Return how the head ends. Raises NoTrialError."""
        if how is How.AGAIN or where is Where.OTHER or self._tells is False:
            return self._trials.run(self._failure, how, where=where)
        try:
            outcome = self._trials.run(self._failure, how, is_clean=True)
        except (BudgetSpentError, NotMadeError):
            raise
        except NoTrialError as error:
            self._doubt(str(error))
            return self._trials.run(self._failure, how)
        if outcome.failed and not (self._tells or self._is_alike(outcome.signature)):
            self._doubt("the head failed there in another way")
            return self._trials.run(self._failure, how)
        if not outcome.failed and how not in self._enough:
            # A clean one may lack what it fails of, such as data that git ignores, or the files of a submodule.
            here = self._trials.run(self._failure, how)
            if here.failed:
                self._doubt("the head passed there and failed in the checkout of the run")
                return here
            self._enough.add(how)
        self._tells = True
        return outcome

    def _doubt(self, why: str) -> None:
        self._tells = False
        self._say(f"a clean checkout does not tell: {why}")
