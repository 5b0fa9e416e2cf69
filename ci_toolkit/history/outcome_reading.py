"""Reads the outcome history: the goes of a test, how often it passed, and what the court found."""

import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from ci_toolkit.history.store import ExtraGoes
from ci_toolkit.history.test_names import TestNames
from ci_toolkit.history.test_sets import AskedTests, TestSet, UnreadableError
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.node_id import node_id_of, split_node_id
from ci_toolkit.model.outcomes import Go, GoKind, Judged, JudgedPasses, JudgedRun, KnownGo, KnownRuling

_LONGEST = 1 << 27
"""Bytes of an unpacked list of failures."""
_TRY_COLUMNS = "at, run, commit_id, tree, base, branch, is_main, environment, shard, order_digest"
_TRIES = f"""
SELECT id, {_TRY_COLUMNS} FROM tries WHERE ? IN ('', environment) ORDER BY at DESC, key DESC
"""  # noqa: S608 (names of ours)
_GOES = """
SELECT try, number, kind, on_base, elsewhere, ended, coalesce(digest, ''),
    coalesce((SELECT max(cause) FROM signatures AS alike WHERE alike.digest = signatures.digest), ''),
    coalesce((SELECT max(text) FROM signatures AS alike WHERE alike.digest = signatures.digest), ''), milliseconds
FROM goes LEFT JOIN signatures ON signatures.id = goes.signature WHERE test = ? ORDER BY try, number
"""
"""Of a trial, only the digest is known: the failures that it repeats have the words."""
_SETS_OF_TREE = """
SELECT tests FROM first_goes JOIN tries ON tries.id = first_goes.try
WHERE (environment, tree) = (?, ?) AND ended = ?
"""
_GOES_OF_TREE = """
SELECT count(*) FROM goes JOIN tries ON tries.id = goes.try
WHERE test = ? AND (environment, tree) = (?, ?) AND ended = ? AND kind <> ? AND NOT on_base
"""
_RUNS_IN_ORDER = """
SELECT DISTINCT run FROM goes JOIN tries ON tries.id = goes.try
WHERE (test, kind, environment, order_digest) = (?, ?, ?, ?) AND (
    base = ? OR tree IN (SELECT tree FROM tries WHERE (environment, commit_id) = (?, ?) AND tree <> '')
)
"""
_EXTRA_GOES = """
SELECT test, count(*), sum(milliseconds) FROM goes JOIN tries ON tries.id = goes.try
WHERE environment = ? AND kind <> ? GROUP BY goes.test
"""
_JUDGED = """
SELECT key, at, environment, commit_id, tree, is_main, order_digest, tests_seconds, trial_seconds, failures
FROM judged_runs WHERE environment = ? ORDER BY at, key
"""
_RULINGS = "SELECT at, key, commit_id, tree, failures FROM judged_runs ORDER BY at DESC, key DESC"
_PASSED_OF_RUN = """
SELECT tests FROM first_goes JOIN tries ON tries.id = first_goes.try
WHERE run = ? AND environment = ? AND ended = ?
"""
_PASSED = str(Ended.PASSED)
_failures = msgspec.json.Decoder(tuple[Judged, ...])


class NoOutcomes:
    """What is known where nothing was recorded yet."""

    def tests(self) -> Iterator[str]:
        """Yield nothing."""
        return iter(())

    def goes(self, test: str, environment: str = "", most: int = 200) -> Sequence[KnownGo]:  # noqa: ARG002
        """Return nothing."""
        return ()

    def passes(self, tests: Collection[str], environment: str, tree: str) -> Mapping[str, int]:  # noqa: ARG002
        """Return 0 for each test."""
        return dict.fromkeys(tests, 0)

    def runs_in_order(self, test: str, environment: str, base: str, order: str) -> frozenset[str]:  # noqa: ARG002
        """Return nothing."""
        return frozenset()

    def extra_goes(self, environment: str) -> Iterator[ExtraGoes]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())

    def judged_runs(self, environment: str) -> Iterator[JudgedPasses]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())

    def rulings(self, tests: Collection[str]) -> Mapping[str, Sequence[KnownRuling]]:
        """Return none for each test."""
        return dict.fromkeys(tests, ())


class OutcomeReader:
    """Asks the tables of one file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._names = TestNames(connection)

    def tests(self) -> Iterator[str]:
        """Yield the node id of each test that any kept try knows."""
        return (node_id_of(path, suffix) for path, suffix in self._names)

    def goes(self, test: str, environment: str = "", most: int = 200) -> tuple[KnownGo, ...]:
        """Return the last ``most`` goes of ``test`` and how they ended, the latest first."""
        number = self._number(test)
        if number is None:
            return ()
        rows = self._connection.execute(_GOES, (number,))
        by_try = {of_try: [_go_of(test, row) for row in of] for of_try, of in groupby(rows, key=lambda row: row[0])}
        found: list[KnownGo] = []
        for of_try, *about in self._connection.execute(_TRIES, (environment,)):
            goes = by_try.get(of_try) or self._plain(test, number, of_try)
            found += [_known(about, go) for go in reversed(goes)]
            if len(found) >= most:
                break
        return tuple(found[:most])

    def _plain(self, test: str, number: int, of_try: int) -> Sequence[Go]:
        path, suffix = split_node_id(test)
        rows = self._connection.execute("SELECT ended, tests FROM first_goes WHERE try = ?", (of_try,))
        for ended, tests in rows:
            if number in TestSet.unpacked(tests):
                return (Go(path=path, suffix=suffix, ended=Ended(ended)),)
        return ()

    def passes(self, tests: Collection[str], environment: str, tree: str) -> Mapping[str, int]:
        """Return how often each of ``tests`` passed on ``tree`` in ``environment``, trials of the head included."""
        of_tree = self._connection.execute(_SETS_OF_TREE, (environment, tree, _PASSED)).fetchall()
        sets = [TestSet.unpacked(packed) for (packed,) in of_tree] if tree else []
        found = {}
        for test in tests:
            number = self._number(test)
            if number is None or not tree:
                found[test] = 0
                continue
            asked = (number, environment, tree, _PASSED, str(GoKind.FIRST))
            (trials,) = self._connection.execute(_GOES_OF_TREE, asked).fetchone()
            found[test] = trials + sum(number in passed for passed in sets)
        return found

    def runs_in_order(self, test: str, environment: str, base: str, order: str) -> frozenset[str]:
        """Return the runs of ``base``, or of changes of it, in which a shard kept ``test`` in the order ``order``."""
        number = self._number(test)
        if number is None or not (base and order):
            return frozenset()
        asked = (number, str(GoKind.FIRST), environment, order, base, environment, base)
        return frozenset(run for (run,) in self._connection.execute(_RUNS_IN_ORDER, asked))

    def extra_goes(self, environment: str) -> Iterator[ExtraGoes]:
        """Yield each test that was run again in ``environment``, by a plugin or in trials."""
        for test, count, took in self._connection.execute(_EXTRA_GOES, (environment, str(GoKind.FIRST))):
            yield ExtraGoes(test=node_id_of(*self._names.name_of(test)), goes=count, seconds=took / 1000)

    def judged_runs(self, environment: str) -> Iterator[JudgedPasses]:
        """Yield what the court found of each run, the oldest first, and what passed in it."""
        runs = [_judged_run(row) for row in self._connection.execute(_JUDGED, (environment,))]
        names = {judged.test for run in runs for judged in run.failures}
        numbers = {name: number for name in sorted(names) if (number := self._number(name)) is not None}
        asked = AskedTests(numbers)
        for run in runs:
            passed = TestSet()
            for (tests,) in self._connection.execute(_PASSED_OF_RUN, (run.key, environment, _PASSED)):
                passed |= TestSet.unpacked(tests)
            yield JudgedPasses(run=run, passed=asked.among(passed))

    def rulings(self, tests: Collection[str]) -> Mapping[str, Sequence[KnownRuling]]:
        """Return what the court found of failures of each of ``tests`` in any environment, the latest first."""
        found: dict[str, list[KnownRuling]] = {test: [] for test in tests}
        for at, run, commit, tree, failures in self._connection.execute(_RULINGS) if found else ():
            for judged in _unpacked(failures):
                if judged.test in found:
                    found[judged.test].append(KnownRuling(at=at, run=run, commit=commit, tree=tree, judged=judged))
        return found

    def _number(self, test: str) -> int | None:
        return self._names.find(*split_node_id(test))


def _go_of(test: str, row: Sequence[Any]) -> Go:
    path, suffix = split_node_id(test)
    _, number, kind, on_base, elsewhere, ended, digest, cause, text, took = row
    return Go(
        path=path,
        suffix=suffix,
        number=number,
        kind=GoKind(kind),
        on_base=bool(on_base),
        elsewhere=bool(elsewhere),
        ended=Ended(ended),
        signature=digest,
        cause=cause,
        text=text,
        seconds=took / 1000,
    )


def _known(about: Sequence[Any], go: Go) -> KnownGo:
    at, run, commit, tree, base, branch, is_main, environment, shard, order = about
    return KnownGo(
        at=at,
        run=run,
        commit=commit,
        lineage=Lineage(tree=tree, base=base, branch=branch, is_main=bool(is_main)),
        environment=environment,
        shard=shard,
        order=order,
        go=go,
    )


def _judged_run(row: Sequence[Any]) -> JudgedRun:
    key, at, environment, commit, tree, is_main, order, tests_seconds, trial_seconds, failures = row
    return JudgedRun(
        key=key,
        at=at,
        environment=environment,
        commit=commit,
        tree=tree,
        is_main=bool(is_main),
        order=order,
        tests_seconds=tests_seconds,
        trial_seconds=trial_seconds,
        failures=_unpacked(failures),
    )


def _unpacked(failures: bytes) -> tuple[Judged, ...]:
    try:
        return _failures.decode(zlib.decompressobj().decompress(failures, _LONGEST))
    except (zlib.error, msgspec.DecodeError) as error:
        raise UnreadableError(f"a list of failures cannot be read: {error}") from error
