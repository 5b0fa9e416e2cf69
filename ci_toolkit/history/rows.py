"""Between rows of a SQLite history and records."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import FileRun, JobRun

_INCIDENTS = frozenset(map(str, (Ended.FAILED, Ended.ERROR, Ended.XPASSED, Ended.FLAKY)))
"""What is an incident."""


def suffixes_digest(suffixes: bytes) -> bytes:
    """Return what names a list of suffixes."""
    return hashlib.sha256(suffixes).digest()


def file_run_row(environment: str, file: FileRun, now: float) -> tuple[Any, ...]:
    """Return the values of INSERT_FILE_RUN."""
    return (
        environment,
        file.path,
        file.key,
        min(file.at, now),  # a clock that is ahead must not stay the latest for ever
        file.is_whole,
        file.tests,
        file.total,
        file.category,
        file.import_seconds,
        file.seconds.decode(),
        file.setup.decode(),
        file.teardown.decode(),
        file.outcomes,
        suffixes_digest(file.suffixes),
    )


def file_run_of(row: Any, texts: dict[int, bytes]) -> FileRun:
    """Return the file run of a row of SELECT_FILE_RUNS. ``texts`` keeps equal suffixes one object."""
    path, key, at, tests, total, category, imported, suffixes_id, suffixes, seconds, setup, teardown, outcomes = row
    return FileRun(
        path=path,
        key=key,
        at=at,
        tests=tests,
        total=total,
        category=category,
        import_seconds=imported,
        suffixes=texts.setdefault(suffixes_id, suffixes),
        seconds=seconds,
        setup=setup,
        teardown=teardown,
        outcomes=outcomes,
    )


def job_row(job: JobRun, now: float) -> tuple[Any, ...]:
    """Return the values of INSERT_JOB."""
    return (
        job.key,
        job.plan_id,
        job.shard,
        job.shards,
        min(job.at, now),
        job.environment,
        job.commit,
        job.is_finished,
        job.tests,
        job.actual_seconds,
        job.tests_seconds,
        job.between_seconds,
    )


def incident_rows(files: Iterable[tuple[str, FileRun]], now: float) -> Iterator[tuple[Any, ...]]:
    """Yield the values of INSERT_INCIDENT for each test that did not simply pass."""
    for environment, file in files:
        if not _INCIDENTS.intersection(file.outcomes):
            continue
        suffixes = msgspec.json.decode(file.suffixes, type=list[str])
        for suffix, letter in zip(suffixes, file.outcomes, strict=True):
            if letter in _INCIDENTS:
                yield environment, file.path, suffix, file.key, letter, min(file.at, now)
