"""Speaks pytest-split's ``.test_durations``: a JSON object of node id to seconds."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.history import FileRun
from ci_toolkit.model.node_id import node_id_of, split_node_id
from ci_toolkit.model.record import Record
from ci_toolkit.plan.sanitize import is_valid

_ADVICE = "pytest-split writes it with `pytest --store-durations`; it is a JSON object of node id to seconds."
_PAIR = 2
"""The length of a pair of node id and seconds."""


class TestDurations(Record, frozen=True, kw_only=True):
    """What such a file says."""

    __test__ = False  # not for pytest, whatever the name

    seconds: dict[str, float]
    refused: tuple[str, ...] = ()
    """``node id (value)`` of each entry that cannot be how long a test took."""


def read_test_durations(data: bytes, *, origin: str) -> TestDurations:
    """Read a ``.test_durations`` file, also in its older form, a list of pairs.

    Entries whose seconds are not a number, negative, infinite or impossibly large are refused and named.
    Raises FormatError if the file is of another kind.
    """
    try:
        content = json.loads(data)  # not msgspec: Python's own writes NaN, which must be read to be refused
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{origin} is not valid JSON: {error}", advice=_ADVICE) from error
    seconds: dict[str, float] = {}
    refused = []
    for node_id, value in _entries(content, origin):
        if _is_seconds(value) and _is_text(node_id):
            seconds[node_id] = float(value)
        else:
            refused.append(f"{node_id!a} ({json.dumps(value)[:40]})")
    return TestDurations(seconds=seconds, refused=tuple(refused))


def _entries(content: Any, origin: str) -> Iterable[tuple[Any, Any]]:
    if isinstance(content, dict):
        return content.items()
    if isinstance(content, list) and all(isinstance(pair, list) and len(pair) == _PAIR for pair in content):
        return ((node_id, seconds) for node_id, seconds in content)
    raise FormatError(f"{origin} is not a .test_durations file", advice=_ADVICE)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and is_valid(value)


def _is_text(node_id: Any) -> bool:
    if not isinstance(node_id, str) or not node_id:
        return False
    try:
        node_id.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can spell and no file can hold
        return False
    return True


def file_runs_of(seconds: Mapping[str, float], *, at: float) -> tuple[FileRun, ...]:
    """Return ``seconds`` as a run recorded ``at``. It never counts as whole: nobody says that these are all tests."""
    by_path: dict[str, dict[str, float]] = {}
    for node_id, took in sorted(seconds.items()):
        path, suffix = split_node_id(node_id)
        by_path.setdefault(path, {})[suffix] = took
    return tuple(_file_run(path, tests, at) for path, tests in by_path.items())


def _file_run(path: str, tests: Mapping[str, float], at: float) -> FileRun:
    nothing = msgspec.json.encode([0.0] * len(tests))
    suffixes, seconds = msgspec.json.encode(list(tests)), msgspec.json.encode(list(tests.values()))
    return FileRun(
        path=path,
        key=f"import-{hashlib.sha256(suffixes + seconds).hexdigest()[:16]}",
        at=at,
        tests=len(tests),
        total=len(tests) + 1,
        suffixes=suffixes,
        seconds=seconds,
        setup=nothing,
        teardown=nothing,
    )


def write_test_durations(files: Iterable[FileDurations]) -> bytes:
    """Return ``files`` as pytest-split itself writes them."""
    seconds = {
        node_id_of(file.path, suffix): took
        for file in files
        for suffix, took in zip(file.suffixes, file.seconds, strict=True)
    }
    return (json.dumps(seconds, sort_keys=True, indent=4) + "\n").encode()
