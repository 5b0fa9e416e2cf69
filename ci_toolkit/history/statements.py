"""What a SQLite history asks of its file."""

INSERT_FILE_RUN = """
INSERT OR IGNORE INTO file_runs
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, id, ?, ?, ?, ? FROM suffixes WHERE digest = ?
"""
INSERT_JOB = "INSERT OR IGNORE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_INCIDENT = "INSERT OR IGNORE INTO incidents VALUES (?, ?, ?, ?, ?, ?)"
HAS_FILE_RUN = "SELECT 1 FROM file_runs WHERE environment = ? AND path = ? AND key = ?"
DROP_SUPERSEDED = """
DELETE FROM file_runs WHERE rowid IN (
    SELECT rowid FROM (
        SELECT rowid, row_number() OVER latest AS place,
            is_whole AND row_number() OVER latest_whole = 1 AS is_latest_whole
        FROM file_runs WHERE environment = ?
        WINDOW latest AS (PARTITION BY path ORDER BY at DESC, key DESC),
            latest_whole AS (PARTITION BY path, is_whole ORDER BY at DESC, key DESC)
    ) WHERE place > ? AND NOT is_latest_whole
)
"""
"""Keeps the latest runs of each file, and its latest whole one: a run of one test must not push out the others."""

SELECT_FILE_RUNS = """
SELECT path, key, at, tests, total, category, import_seconds, file_runs.suffixes,
    CAST(suffixes.suffixes AS BLOB), CAST(seconds AS BLOB), {phases}, outcomes
FROM file_runs JOIN suffixes ON suffixes.id = file_runs.suffixes
WHERE environment = ? ORDER BY path, at DESC, key DESC
"""
SELECT_JOBS = """
SELECT key, plan_id, shard, shards, at, environment, commit_id, is_finished, tests, actual_seconds, tests_seconds,
    between_seconds
FROM jobs WHERE ? = '' OR environment = ? ORDER BY at DESC, key LIMIT ?
"""
DROP_JOBS = "DELETE FROM jobs WHERE key NOT IN (SELECT key FROM jobs ORDER BY at DESC, key LIMIT ?)"
