"""Replaces what a history should never hold: negative, infinite, impossibly large or missing numbers."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.node_id import function_of, node_id_of
from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.wording import some_of

LONGEST_SECONDS = 5 * 86_400.0
"""No test takes longer: a job ends after five days at the latest. More is a mistake in the history."""

DEFAULT_TEST_SECONDS = 1.0
"""What a test counts where nothing at all is known: a weight rather than a time."""

_NAMES_SHOWN = 3


def is_valid(seconds: float) -> bool:
    """Whether something can have taken ``seconds``."""
    return 0.0 <= seconds <= LONGEST_SECONDS  # false for NaN too


def sanitize(durations: Durations) -> tuple[dict[str, FileDurations], list[PlanNote]]:
    """Return the files of ``durations`` by path with valid numbers only, and notes on what was replaced.

    A test whose time is not valid gets the mean of its parametrize family, else of its file, else of the suite.
    """
    files = {file.path: file for file in durations.files}
    damaged = [file for file in files.values() if not _is_whole(file)]
    suite_mean = _mean(seconds for file in files.values() for seconds in _valid_seconds(file)) if damaged else None
    names = []
    for file in damaged:
        names += [node_id_of(file.path, suffix) for suffix, seconds in _pairs(file) if not is_valid(seconds)]
        files[file.path] = _sanitize_file(file, suite_mean)
    notes = [_invalid_note(sorted(names))] if names else []
    if files and not any(sum(file.seconds) > 0.0 for file in files.values()):
        files = {path: _count_each(file) for path, file in files.items()}
        if any(file.seconds for file in files.values()):
            notes.append(
                PlanNote(kind="zero-history", message="every time in the history is zero, so each test counts the same")
            )
    return files, notes


def _is_whole(file: FileDurations) -> bool:
    if len(file.suffixes) != len(file.seconds):
        return False
    if not is_valid(file.fixture_seconds) or not is_valid(file.import_seconds or 0.0):
        return False
    if not is_valid(file.spread or 0.0):
        return False
    if not file.seconds:
        return True
    mean = sum(file.seconds) / len(file.seconds)  # NaN if any is NaN, which min and max may overlook
    return is_valid(mean) and min(file.seconds) >= 0.0 and max(file.seconds) <= LONGEST_SECONDS


def _pairs(file: FileDurations) -> Iterable[tuple[str, float]]:
    missing = (math.nan,) * (len(file.suffixes) - len(file.seconds))
    return zip(file.suffixes, (*file.seconds, *missing), strict=False)


def _valid_seconds(file: FileDurations) -> Sequence[float]:
    return [seconds for seconds in file.seconds if is_valid(seconds)]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return math.fsum(found) / len(found) if found else None


def _sanitize_file(file: FileDurations, suite_mean: float | None) -> FileDurations:
    families: dict[str, list[float]] = {}
    for suffix, seconds in _pairs(file):
        if is_valid(seconds):
            families.setdefault(function_of(suffix), []).append(seconds)
    fallback = _mean(_valid_seconds(file))
    if fallback is None:
        fallback = DEFAULT_TEST_SECONDS if suite_mean is None else suite_mean
    means = {function: math.fsum(family) / len(family) for function, family in families.items()}
    replaced = [
        seconds if is_valid(seconds) else means.get(function_of(suffix), fallback) for suffix, seconds in _pairs(file)
    ]
    imported = file.import_seconds
    return msgspec.structs.replace(
        file,
        seconds=tuple(replaced),
        spreads=(),
        spread=None,
        import_seconds=imported if imported is not None and is_valid(imported) else None,
        fixture_seconds=file.fixture_seconds if is_valid(file.fixture_seconds) else 0.0,
    )


def _count_each(file: FileDurations) -> FileDurations:
    return msgspec.structs.replace(file, seconds=(DEFAULT_TEST_SECONDS,) * len(file.suffixes), spreads=(), spread=None)


def _invalid_note(names: list[str]) -> PlanNote:
    return PlanNote(
        kind="unsound-history",
        message=f"the history holds impossible times for {some_of(names, _NAMES_SHOWN)}; "
        "until they run again, they count as much as similar tests",
    )
