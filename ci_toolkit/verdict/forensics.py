"""Finds on which of the tests before it a test depends: asks for replays, and decides by what they tell."""

from collections.abc import Sequence
from typing import Protocol

from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.replay import Cause, Dependence, Dependency, Replayed
from ci_toolkit.verdict.bisection import smallest_cause


class Replay(Protocol):
    """Runs a test in a new process."""

    def __call__(self, before: Sequence[str], *, go: int = 0, files: Sequence[str] = ()) -> Replayed:
        """Return how the test ends after the tests ``before`` and the import of ``files``.

        ``go`` tells replays of one order apart.
        """
        ...


class Forensics:
    """One test, and what is known of its dependence."""

    def __init__(
        self, test: str, before: Sequence[str], others: Sequence[str], replay: Replay, *, tries: int, most_causes: int
    ) -> None:
        """``before`` ran before it, ``others`` in any process; an order is replayed up to ``tries`` times."""
        self._test = test
        self._before = tuple(before)
        self._others = tuple(others)
        self._replay = replay
        self._tries = tries
        self._most_causes = most_causes

    def find(self) -> Dependency:
        """Return on what the test depends."""
        alone = self._replay(())
        whole = self._replay(self._before) if self._before else alone
        if whole.failed is None or alone.failed is None:
            return self._told(Dependence.UNKNOWN, [whole], why=whole.why or alone.why)
        if whole.failed and not _is_alike(alone, whole):
            return self._polluted(whole, [whole], tries=1)
        if whole.failed:
            return self._fails_anywhere(whole)
        if alone.failed:
            return self._brittle(self._before, alone, whole)
        return self._again(whole)

    def _polluted(self, failure: Replayed, replays: Sequence[Replayed], *, tries: int) -> Dependency:
        harmless = {_file_of(self._test)}  # and each file that was imported where the test did not fail

        def fails(before: Sequence[str]) -> bool:
            has_failed = any(_is_alike(self._replay(before, go=go), failure) for go in range(tries))
            if not has_failed:
                harmless.update(map(_file_of, before))
            return has_failed

        causes: list[Cause] = []
        candidates = self._before
        while True:
            tests = smallest_cause(candidates, fails)
            files = tuple(dict.fromkeys(map(_file_of, tests)))
            by_import = harmless.isdisjoint(files) and _is_alike(self._replay((), files=files), failure)
            causes.append(Cause(tests=tests, by_import=by_import))
            gone = {*files} if by_import else set[str]()
            candidates = tuple(test for test in candidates if test not in tests and _file_of(test) not in gone)
            has_more = bool(candidates) and fails(candidates)
            if not has_more or len(causes) >= self._most_causes:
                return self._told(Dependence.POLLUTED, replays, causes, has_more=has_more, why=failure.why)

    def _brittle(self, candidates: Sequence[str], alone: Replayed, whole: Replayed) -> Dependency:
        tests = smallest_cause(candidates, lambda before: self._replay(before).failed is False)
        return self._told(Dependence.BRITTLE, [whole], [Cause(tests=tests)], why=alone.why)

    def _fails_anywhere(self, whole: Replayed) -> Dependency:
        """Go on with a test that fails with what ran before it and without: another may set up what it needs."""
        if set(self._others) <= set(self._before) or self._replay(self._others).failed is not False:
            return self._told(Dependence.ALWAYS, [whole], why=whole.why)
        return self._brittle(self._others, whole, whole)

    def _again(self, whole: Replayed) -> Dependency:
        """Go on with a test that passed: the same order may fail another time."""
        replays = [whole]
        while len(replays) < self._tries and not replays[-1].failed:
            replays.append(self._replay(self._before, go=len(replays)))
        failure = replays[-1]
        if not failure.failed:
            return self._told(Dependence.NOT_SEEN, replays)
        if any(_is_alike(self._replay((), go=go), failure) for go in range(1, self._tries)):
            return self._told(Dependence.UNSTEADY, replays, why=failure.why)
        return self._polluted(failure, replays, tries=self._tries)

    def _told(
        self,
        kind: Dependence,
        replays: Sequence[Replayed],
        causes: Sequence[Cause] = (),
        *,
        has_more: bool = False,
        why: str = "",
    ) -> Dependency:
        return Dependency(
            test=self._test,
            kind=kind,
            causes=tuple(causes),
            has_more=has_more,
            before=len(self._before),
            failed=sum(1 for replay in replays if replay.failed),
            tries=len(replays),
            why=why,
        )


def _file_of(test: str) -> str:
    return split_node_id(test)[0]


def _is_alike(some: Replayed, failure: Replayed) -> bool:
    return bool(some.failed) and some.likeness == failure.likeness
