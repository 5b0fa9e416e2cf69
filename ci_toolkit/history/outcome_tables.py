"""The tables of the outcome history: how they are made, filled, and kept within bounds. See docs/history.md."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import compress
from typing import Any

from ci_toolkit.history.store import DAY
from ci_toolkit.history.test_names import TABLE as TABLE_OF_NAMES
from ci_toolkit.history.test_names import TestNames
from ci_toolkit.history.test_sets import TestSet, UnreadableError
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.outcomes import FileOutcomes, Go, JudgedRun, TryOutcomes
from ci_toolkit.model.record import encode

KEPT_DAYS = 180
"""How long outcomes are kept."""
KEPT_TRIES = 20_000
"""Tries of shards whose outcomes are kept, over all environments."""
KEPT_BYTES = 64_000_000
"""What tries may take in the file, as ``GO_BYTES`` a go and the sets of how tests ended at first."""
GO_BYTES = 45
KEPT_JUDGED = 5_000
"""Judged runs that are kept, over all environments."""
KEPT_JUDGED_BYTES = 8_000_000
"""Of the packed lists of their failures."""
KEPT_SIGNATURES = 100_000
KEPT_NAMES = 2_000_000
"""Tests. A suite whose tests are named anew in every run would else fill the disk."""
_SHARE_DROPPED = 10
"""Where there are too many signatures or names, this part of the tries goes, and what they alone have with them."""
_SWEPT_EVERY = 256
"""Tries after which names and signatures that no try has any more are looked for."""

TABLES = f"""{TABLE_OF_NAMES}
CREATE TABLE tries (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, run TEXT NOT NULL, run_attempt INTEGER NOT NULL, at REAL NOT NULL,
    environment TEXT NOT NULL, commit_id TEXT NOT NULL, tree TEXT NOT NULL, base TEXT NOT NULL, branch TEXT NOT NULL,
    is_main INTEGER NOT NULL, shard INTEGER NOT NULL, order_digest TEXT NOT NULL
);
CREATE INDEX tries_at ON tries (at, key);
CREATE INDEX tries_of_run ON tries (run);
CREATE INDEX tries_of_tree ON tries (environment, tree);
CREATE TABLE first_goes (
    try INTEGER NOT NULL REFERENCES tries (id), ended TEXT NOT NULL, tests BLOB NOT NULL, PRIMARY KEY (try, ended)
) WITHOUT ROWID;
CREATE TABLE signatures (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, cause TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (digest, cause)
);
CREATE TABLE goes (
    test INTEGER NOT NULL, try INTEGER NOT NULL REFERENCES tries (id), number INTEGER NOT NULL, kind TEXT NOT NULL,
    on_base INTEGER NOT NULL, elsewhere INTEGER NOT NULL, ended TEXT NOT NULL,
    signature INTEGER REFERENCES signatures (id), milliseconds INTEGER NOT NULL, PRIMARY KEY (test, try, number)
) WITHOUT ROWID;
CREATE INDEX goes_of_try ON goes (try);
CREATE TABLE judged_runs (
    key TEXT PRIMARY KEY, at REAL NOT NULL, environment TEXT NOT NULL, commit_id TEXT NOT NULL, tree TEXT NOT NULL,
    is_main INTEGER NOT NULL, order_digest TEXT NOT NULL, tests_seconds REAL NOT NULL, trial_seconds REAL NOT NULL,
    failures BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX judged_runs_at ON judged_runs (environment, at, key);
"""

_INSERT_TRY = "INSERT OR IGNORE INTO tries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_GO = "INSERT OR IGNORE INTO goes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_SIGNATURE = """
INSERT INTO signatures (digest, cause, text) VALUES (?, ?, ?)
ON CONFLICT (digest, cause) DO UPDATE SET text = max(text, excluded.text) RETURNING id
"""
_INSERT_JUDGED_RUN = """
INSERT INTO judged_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    at = excluded.at, environment = excluded.environment, commit_id = excluded.commit_id, tree = excluded.tree,
    is_main = excluded.is_main, order_digest = excluded.order_digest, tests_seconds = excluded.tests_seconds,
    trial_seconds = excluded.trial_seconds, failures = excluded.failures
WHERE (excluded.at, excluded.failures, excluded.trial_seconds) > (at, failures, trial_seconds)
"""
"""Whichever of two accounts of a run comes first, the later one stays."""
_OLDEST_TRIES = "SELECT id FROM tries ORDER BY at, key LIMIT ?"
_WEIGHTS = f"""
SELECT id, {GO_BYTES} * (SELECT count(*) FROM goes WHERE try = tries.id)
    + (SELECT coalesce(sum(length(tests)), 0) FROM first_goes WHERE try = tries.id)
FROM tries ORDER BY at DESC, key DESC
"""  # noqa: S608 (a number of ours)
_DROP_JUDGED = """
DELETE FROM judged_runs WHERE at < ? OR key IN (
    SELECT key FROM (
        SELECT key, row_number() OVER latest AS place, sum(length(failures)) OVER latest AS bytes
        FROM judged_runs WINDOW latest AS (ORDER BY at DESC, key DESC)
    ) WHERE place > ? OR (bytes > ? AND place > 1)
)
"""


def add_outcomes(
    connection: sqlite3.Connection, outcomes: Iterable[TryOutcomes], judged: Iterable[JudgedRun], now: float
) -> None:
    """Add what is new of ``outcomes`` and ``judged``, and drop what is over the bounds. Call it in a transaction."""
    before = _last_try(connection)
    names = TestNames(connection)
    for of_try in outcomes:
        if of_try.at >= now - KEPT_DAYS * DAY:
            _add_try(connection, of_try, names, now)
    connection.executemany(_INSERT_JUDGED_RUN, (_judged_row(run, now) for run in judged))
    _keep_bounds(connection, before, now)


def prune_outcomes(connection: sqlite3.Connection, *, gone: Iterable[str], before: float) -> None:
    """Forget every outcome from before ``before``, and each go of the files ``gone``."""
    _drop_tries(connection, connection.execute("SELECT id FROM tries WHERE at < ?", (before,)))
    connection.execute("DELETE FROM judged_runs WHERE at < ?", (before,))
    names = TestNames(connection)
    ranges = (numbers for path in gone for numbers in names.ranges_of(path))
    connection.executemany("DELETE FROM goes WHERE test >= ? AND test < ?", ranges)
    _drop_unused(connection)


# --- adding ---------------------------------------------------------------------------------------


def _add_try(connection: sqlite3.Connection, of_try: TryOutcomes, names: TestNames, now: float) -> None:
    place = connection.execute(_INSERT_TRY, _try_row(of_try, now))
    if not place.rowcount:
        return  # known already
    number = place.lastrowid
    sets: dict[str, list[int]] = {}
    for file in of_try.files:
        _sort_by_letter(file, names.numbers_of(file.path, file.suffixes), sets)
    known = {test for tests in sets.values() for test in tests} if of_try.goes else set()
    rows = []
    for go in of_try.goes:
        test = names.number_of(go.path, go.suffix)
        if test not in known and not go.number:  # a file that could not be imported
            known.add(test)
            sets.setdefault(str(go.ended), []).append(test)
        rows.append(_go_row(connection, test, number, go))
    connection.executemany(_INSERT_GO, rows)
    connection.executemany(
        "INSERT INTO first_goes VALUES (?, ?, ?)",
        ((number, ended, TestSet.of(tests).packed()) for ended, tests in sets.items()),
    )


def _sort_by_letter(file: FileOutcomes, tests: Sequence[int], sets: dict[str, list[int]]) -> None:
    letters = file.letters or str(Ended.PASSED) * len(tests)
    for letter in set(letters):
        sets.setdefault(letter, []).extend(compress(tests, map(letter.__eq__, letters)))


def _try_row(of_try: TryOutcomes, now: float) -> tuple[Any, ...]:
    lineage = of_try.lineage
    return (
        of_try.key,
        of_try.run,
        of_try.run_attempt,
        min(of_try.at, now),  # a clock that is ahead must not stay the latest for ever
        of_try.environment,
        of_try.commit,
        lineage.tree,
        lineage.base,
        lineage.branch,
        lineage.is_main,
        of_try.shard,
        of_try.order,
    )


def _go_row(connection: sqlite3.Connection, test: int, of_try: int | None, go: Go) -> tuple[Any, ...]:
    signature = None
    if go.signature:
        (signature,) = connection.execute(_INSERT_SIGNATURE, (go.signature, go.cause, go.text)).fetchone()
    took = round(go.seconds * 1000)
    return test, of_try, go.number, str(go.kind), go.on_base, go.elsewhere, str(go.ended), signature, took


def _judged_row(run: JudgedRun, now: float) -> tuple[Any, ...]:
    return (
        run.key,
        min(run.at, now),
        run.environment,
        run.commit,
        run.tree,
        run.is_main,
        run.order,
        run.tests_seconds,
        run.trial_seconds,
        zlib.compress(encode(run.failures)),
    )


# --- bounds ---------------------------------------------------------------------------------------


def _keep_bounds(connection: sqlite3.Connection, before: int, now: float) -> None:
    _drop_tries(connection, connection.execute("SELECT id FROM tries WHERE at < ?", (now - KEPT_DAYS * DAY,)))
    _drop_tries(connection, _too_many(connection.execute(_WEIGHTS)))
    connection.execute(_DROP_JUDGED, (now - KEPT_DAYS * DAY, KEPT_JUDGED, KEPT_JUDGED_BYTES))
    if _last_try(connection) // _SWEPT_EVERY > before // _SWEPT_EVERY:
        _drop_unused(connection)
    names = TestNames(connection)
    for count, most in ((partial(_count, connection, "signatures"), KEPT_SIGNATURES), (names.__len__, KEPT_NAMES)):
        if count() > most:
            _drop_unused(connection)
        while count() > most and (tries := _count(connection, "tries")) > 1:
            _drop_tries(connection, connection.execute(_OLDEST_TRIES, (-(-tries // _SHARE_DROPPED),)))
            _drop_unused(connection)


def _too_many(tries: Iterable[tuple[int, int]]) -> Iterator[tuple[int]]:
    """Yield the older ones of ``tries``, which come as (number, bytes), the latest first."""
    total = 0
    for count, (number, size) in enumerate(tries, start=1):
        total += size
        if count > KEPT_TRIES or (total > KEPT_BYTES and count > 1):
            yield (number,)


def _drop_tries(connection: sqlite3.Connection, numbers: Iterable[tuple[int]]) -> None:
    gone = list(numbers)
    for table, column in (("goes", "try"), ("first_goes", "try"), ("tries", "id")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)  # noqa: S608 (names of ours)


def _drop_unused(connection: sqlite3.Connection) -> None:
    used = TestSet()
    for of_try, ended, tests in connection.execute("SELECT try, ended, tests FROM first_goes").fetchall():
        try:
            used |= TestSet.unpacked(tests)
        except UnreadableError:  # whoever asks for it is told; it must not keep later runs from being recorded
            connection.execute("DELETE FROM first_goes WHERE (try, ended) = (?, ?)", (of_try, ended))
    used |= TestSet.of(number for (number,) in connection.execute("SELECT DISTINCT test FROM goes"))
    TestNames(connection).keep(used)
    connection.execute(
        "DELETE FROM signatures WHERE id NOT IN (SELECT signature FROM goes WHERE signature IS NOT NULL)"
    )


def _last_try(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM tries").fetchone()
    return int(last)


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 (a name of ours)
    return int(count)
