"""Small runs to fill a history with."""

from collections.abc import Mapping, Sequence

import msgspec

from ci_toolkit.model.history import FileRun, JobRun, RunRecord

HERE = "cpython-3.12-linux"
ELSEWHERE = "cpython-3.11-macos"
DAY = 86_400.0
NOW = 1_000 * DAY


def file_run(
    seconds: Mapping[str, float],
    *,
    path: str = "test_a.py",
    at: float = NOW,
    key: str = "",
    outcomes: str = "",
    is_whole: bool = True,
    import_seconds: float | None = None,
) -> FileRun:
    zeros = msgspec.json.encode([0.0] * len(seconds))
    return FileRun(
        path=path,
        key=key or f"{path}@{at}",
        at=at,
        tests=len(seconds),
        total=len(seconds) + (0 if is_whole else 1),
        import_seconds=import_seconds,
        suffixes=msgspec.json.encode(list(seconds)),
        seconds=msgspec.json.encode(list(seconds.values())),
        setup=zeros,
        teardown=zeros,
        outcomes=outcomes,
    )


def run_of(
    *files: FileRun, environment: str = HERE, suite: Sequence[str] = (), jobs: Sequence[JobRun] = ()
) -> RunRecord:
    return RunRecord(files=tuple((environment, file) for file in files), suite=tuple(suite), jobs=tuple(jobs))


def job(key: str, *, actual: float, tests: float, between: float = 0.0, is_finished: bool = True) -> JobRun:
    return JobRun(
        key=key,
        plan_id="p",
        shard=1,
        shards=2,
        at=NOW,
        environment=HERE,
        is_finished=is_finished,
        tests=3,
        actual_seconds=actual,
        tests_seconds=tests,
        between_seconds=between,
    )
