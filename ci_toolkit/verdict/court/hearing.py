"""Judges one failure: asks for the trial that tells most for its price, until one explanation is left."""

from collections import Counter

from ci_toolkit.model.trial import How, NotMadeError, NoTrialError, Tree, TrialOutcome, Where
from ci_toolkit.verdict.court.case import CaseRun, FailedTest, Kind, Rules, Ruling
from ci_toolkit.verdict.court.head_trials import HeadTrials
from ci_toolkit.verdict.court.memory import Memory
from ci_toolkit.verdict.court.trials import Trials


class Hearing:
    """One failure before the court.

    First the cheap trials of the head say what the failure depends on: nothing (it also passes at once), what ran
    before it (it passes alone), or neither. Then the base, under the same conditions, says whether the change has to
    do with it.
    """

    def __init__(
        self, failure: FailedTest, run: CaseRun, memory: Memory, rules: Rules, trials: Trials, where: Where
    ) -> None:
        self.failure = failure
        self._run = run
        self._memory = memory
        self._known = memory.of(failure.test)
        self._rules = rules
        self._trials = trials
        self._where = where
        self._evidence: Counter[str] = Counter()
        self.head_passed = False
        """Whether a trial of the head passed."""
        self.base_failed_alike = False
        """Whether the base was seen to fail alike in the order of the run."""
        self._has_passed_in_order = False
        self._head = HeadTrials(failure, trials, self._is_alike, self._say)
        self._is_new = False
        """Whether the base was seen not to have the test."""
        self._rate = 0.0
        self._seen: set[str] = set()
        """Signatures of failed trials of the head."""

    def judge(self) -> Ruling:
        """Return the ruling; without the means for the evidence that it needs, the failure stays red."""
        try:
            return self._judge()
        except NoTrialError as error:
            return self._ruling(Kind.NEW_FAILURE, red=True, last=str(error))

    def _judge(self) -> Ruling:
        broken = self._broken_on_main()
        if broken is not None:
            return broken
        again = self._again()
        if again is None:
            return self._in_fresh_processes()
        if again:
            self._head.note_pass_at_once()
            return self._after_a_pass()
        if self._passes(How.ISOLATED):
            return self._in_this_order()
        return self._here_and_now()

    def _again(self) -> bool | None:
        """Return whether it passed when it was tried again at once; None where it was not tried so often."""
        try:
            return any(self._passes(How.AGAIN) for _ in range(self._rules.agains))
        except NotMadeError:
            return None

    def _in_fresh_processes(self) -> Ruling:
        """Judge what nobody tried again at once: if it passes alone, what ran before it may break it: replay that."""
        if not any(self._passes(How.ISOLATED) for _ in range(self._rules.agains)):
            return self._here_and_now()
        return self._after_replays() or self._after_a_pass()

    def _after_replays(self) -> Ruling | None:
        """Replay the order; return None where the head passes in it, so that the order alone does not explain it."""
        if any(self._passes(How.ORDER) for _ in range(self._rules.replays)):
            self._has_passed_in_order = True
            return None
        return self._ruling(Kind.ORDER_DEPENDENT) if self._base_fails(How.ORDER, self._rules.replays) else self._red()

    def _broken_on_main(self) -> Ruling | None:
        known = self._known
        if known.broken_since is None or not self._is_same(self.failure.signature, known.broken_signature):
            return None
        self._say(f"main has failed alike since {self._run.name_of(known.broken_since)}")
        red = self._run.is_main or (self._is_touched and not self._has_passed_before())
        return self._ruling(Kind.SUSPECT, red=red, since=known.broken_since)

    def _after_a_pass(self) -> Ruling:
        """Judge what fails and passes: a flaky test, or one that the change broke only now and then."""
        if self._is_known:
            return self._as_before()
        self._rate = self._rate_alone(self._rules.repeats, looks_twice=True)
        if self._rate:
            return self._flaky_if_the_base_is()
        # It may have tidied up itself what others left, and then passes at once: its order tells.
        is_sure = self._has_passed_in_order or not self._rules.uses_order
        return (None if is_sure else self._after_replays()) or self._ruling(Kind.FLAKY)

    def _as_before(self) -> Ruling:
        """Judge what fails in a known way and passes: if touched, it must also fail as rarely as before."""
        self._rate = self._rate_alone(self._rules.repeats_known if self._is_touched else 0)
        if self._rate:
            return self._flaky_if_the_base_is()
        untouched = "" if self._is_touched else ", and the change touches nothing that it runs"
        return self._ruling(Kind.KNOWN, last=f"its signature is known of it{untouched}")

    def _flaky_if_the_base_is(self) -> Ruling:
        return self._ruling(Kind.FLAKY) if self._base_fails(How.ISOLATED, self._rules.repeats_base) else self._red()

    def _in_this_order(self) -> Ruling:
        """Judge what passes alone: it depends on what ran before, or the change breaks it only there."""
        # After the run that is no evidence: a change that pollutes has the same order of names.
        if not self._rules.process_is_gone and self._order_failed_on_main():
            return self._ruling(Kind.ORDER_DEPENDENT)
        if not self._rules.uses_order:
            return self._after_a_pass()
        if self._base_fails(How.ORDER, 1):
            return self._ruling(Kind.ORDER_DEPENDENT)
        if self._passes(How.ORDER):
            self._has_passed_in_order = True
            return self._after_a_pass()
        return self._ruling(Kind.ORDER_DEPENDENT) if self._base_fails(How.ORDER, 1) else self._red()

    def _here_and_now(self) -> Ruling:
        """Judge what fails whatever surrounds it: only a base that fails alike can excuse it."""
        by_order = self._order_failed_on_main()
        times = self._rules.repeats if self._is_known else 1 if self._is_touched else 2
        if not by_order and not self._base_fails(How.ISOLATED, times):
            return self._red()
        if not self._is_touched or self._has_passed_before() or self._passes_once(is_elsewhere_asked=not by_order):
            return self._ruling(Kind.ENVIRONMENT)
        return self._ruling(Kind.NEW_FAILURE, red=True, last="the change may touch it, and the head never passed")

    def _passes_once(self, *, is_elsewhere_asked: bool) -> bool:
        """Return whether the head passes at all: what the change broke may look like what the base fails of."""
        if not self._rules.process_is_gone:
            if is_elsewhere_asked and self._passes_elsewhere():
                return True
            return any(self._passes(How.AGAIN) for _ in range(self._rules.agains_unsure))
        try:
            if self._passes(How.REPEATED):
                return True
        except NotMadeError:
            if not (is_elsewhere_asked and self._rules.uses_other_machine):
                raise
        return is_elsewhere_asked and self._passes_elsewhere()

    def _red(self) -> Ruling:
        has_base = self._rules.uses_base and not self._is_new
        return self._ruling(Kind.REGRESSION if has_base else Kind.NEW_FAILURE, red=True)

    def _passes_elsewhere(self) -> bool:
        if not self._rules.uses_other_machine or self._where is Where.OTHER:
            return False
        return self._passes(How.ISOLATED, Where.OTHER)

    def _passes(self, how: How, where: Where | None = None) -> bool:
        outcome = self._head.run(how, where or self._where)
        self.head_passed |= not outcome.failed
        if outcome.failed and not self._is_touched:
            self._seen.add(outcome.signature)
        self._say(f"the head {_ended(outcome)} {_WORDS[how]}{' on another machine' * (where is Where.OTHER)}")
        return not outcome.failed

    def _rate_alone(self, repeats: int, *, looks_twice: bool = False) -> float:
        """Try it alone; return the share of failures if it fails twice, else 0.

        The second failure ends the tries, for the base tells more then, and is not counted: the tries end with it. One
        failure may be a rare flake or a rare fault, so that it is looked at twice as often.
        """
        failed = tried = 0
        while tried < repeats * (2 if failed and looks_twice else 1):
            tried += 1
            failed += not self._passes(How.ISOLATED)
            if failed > 1:
                return 1 / (tried - 1)
        return 0.0

    def _base_fails(self, how: How, times: int) -> bool:
        if not self._rules.uses_base:
            return False
        if how is How.ORDER and self._base_is_known_to_fail_in_this_order():
            return True
        for _ in range(times):
            outcome = self._trials.run(self.failure, how, where=self._where, tree=Tree.BASE)
            alike = outcome.failed and self._is_alike(outcome.signature)
            self._is_new |= not outcome.is_there
            self._say(f"the base {_ended(outcome)} {_WORDS[how]}{' alike' * alike}")
            if alike:
                self.base_failed_alike |= how is How.ORDER
                return True
        return False

    def _base_is_known_to_fail_in_this_order(self) -> bool:
        """Return whether an earlier run has made this very trial: the same sources, in the same order."""
        if not any(map(self._is_alike, self._memory.base_in_order.get(self.failure.test, ()))):
            return False
        self._say("the base failed in the same order alike in an earlier run")
        self.base_failed_alike = True
        return True

    def _order_failed_on_main(self) -> bool:
        if not self._rules.uses_order:
            return False
        seen = self._memory.main_failed_in(self._run.order, self.failure.test)
        if not any(self._is_same(signature, self.failure.signature) for signature in seen):
            return False
        self._say("main has failed alike in the same order")
        return True

    def _has_passed_before(self) -> bool:
        if not self._memory.has_passed(self._run.tree, self.failure.test):
            return False
        self._say("the same sources have passed it in another run")
        return True

    @property
    def _is_touched(self) -> bool:
        """Whether the change may have broken it, as far as the changed lines tell."""
        if not self._rules.uses_changed_lines:
            return True
        return self.failure.is_touched is not False and self._run.tree != self._run.base

    @property
    def _is_known(self) -> bool:
        if not self._rules.uses_signatures:
            return self._known.is_listed
        return self.failure.signature in self._known.signatures

    def _is_same(self, one: str, other: str) -> bool:
        return one == other or not self._rules.uses_signatures

    def _is_alike(self, signature: str) -> bool:
        # A test that has failed in several ways may do so on either side; a new way must be the same. Ways that the
        # head showed in trials count only where it passed in others: else they may hide what the change broke.
        if self._is_same(signature, self.failure.signature) or (self.head_passed and signature in self._seen):
            return True
        return self._is_known and signature in self._known.signatures

    def _say(self, sentence: str) -> None:
        self._evidence[sentence] += 1

    def _words(self) -> tuple[str, ...]:
        times = self._evidence.items()
        return tuple(sentence if count == 1 else f"{sentence}, {count} times" for sentence, count in times)

    def _ruling(self, kind: Kind, *, red: bool = False, last: str = "", since: int | None = None) -> Ruling:
        if last:
            self._say(last)
        return Ruling(
            test=self.failure.test,
            kind=kind,
            is_red=red,
            evidence=self._words(),
            since=since,
            is_clean=self._head.is_clean,
            rate=self._rate,
        )


_WORDS = {
    How.AGAIN: "again at once",
    How.ISOLATED: "alone",
    How.BATCH: "with the other failures",
    How.ORDER: "in the same order",
    How.REPEATED: "when it was tried again and again in the same order",
}


def _ended(outcome: TrialOutcome) -> str:
    if not outcome.is_there:
        return "does not have it, and nothing failed"
    return "failed" if outcome.failed else "passed"
