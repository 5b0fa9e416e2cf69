"""In pytest: hears its warnings, and leaves to the merge how many the suite allows."""

import os
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ci_toolkit.model.journal_end import Summary
from ci_toolkit.model.warned import Warned, WarningsLimit

MOST_TEXTS = 10_000
"""Warnings of one process that are told apart."""
MOST_NAMED = 20
"""Tests of one warning that are named."""
LONGEST_TEXT = 4_000
_GROUPS = {"a": "sxXEf", "A": "PpsxXEf"}
"""Letters of pytest's ``-r`` that stand for others."""
_OTHERS = "further warnings, which are not told apart"


def leave_judging_warnings_to_the_merge(config: pytest.Config) -> None:
    """Let pytest allow any number of warnings: a part of the suite is not judged by what the whole may have."""
    if hasattr(config.option, "max_warnings"):
        config.pluginmanager.register(_AllowsAnyNumber(), "ci-toolkit-allows-warnings")


class _AllowsAnyNumber:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Raise the limit just before pytest asks for it: xdist's workers have had the suite's own by then."""
        session.config.option.max_warnings = sys.maxsize
        yield


class WarningsHeard:
    """Counts the warnings that pytest is told of, those included that came before any plugin could hear them."""

    def __init__(self, config: pytest.Config) -> None:
        self._root = f"{config.rootpath}{os.sep}"
        self._config = config
        self._limit = _limit_of(config)
        self._counts: Counter[tuple[str, bool]] = Counter()
        """By text, and whether it came while tests ran."""
        self._node_ids: defaultdict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
        self._is_listening = True

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        """Count one warning; ``nodeid`` is of the test that met it, or ``""``."""
        if not self._is_listening:
            return
        text = f"{self._place(warning_message)}: {warning_message.category.__name__}: {warning_message.message}"
        key = text[:LONGEST_TEXT], bool(nodeid)
        if key not in self._counts and len(self._counts) >= MOST_TEXTS:
            key = _OTHERS, bool(nodeid)
        self._counts[key] += 1
        if nodeid and len(self._node_ids[key]) < MOST_NAMED:
            self._node_ids[key][nodeid] = None

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Pass over what is met meanwhile: plain pytest does not try tests again."""
        self._is_listening = False
        try:
            yield
        finally:
            self._is_listening = True

    def record(self) -> Summary:
        """Return what was heard so far."""
        told = (
            Warned(text=key[0], count=count, node_ids=tuple(self._node_ids[key])) for key, count in self._counts.items()
        )
        return Summary(warnings=tuple(told), warnings_limit=self._limit, shows=_shown(self._config))

    def _place(self, message: warnings.WarningMessage) -> str:
        return f"{message.filename.removeprefix(self._root)}:{message.lineno}"


def _shown(config: pytest.Config) -> str:
    # As pytest reads its -r: N forgets what stood before, and warnings are listed unless an option says otherwise.
    asked = str(getattr(config.option, "reportchars", "")).rpartition("N")[2]
    letters = {letter for group in asked for letter in _GROUPS.get(group, group)} | {"w"}
    return "".join(sorted(letters - {"w"} if getattr(config.option, "disable_warnings", False) else letters))


def _limit_of(config: pytest.Config) -> WarningsLimit | None:
    option: Any = getattr(config.option, "max_warnings", None)
    if option is not None:
        return WarningsLimit(most=int(option), asked_by="--max-warnings")
    try:
        setting: Any = config.getini("max_warnings")
    except (ValueError, KeyError):  # pytest before 9.1 has no such setting
        return None
    return None if setting in {None, ""} else WarningsLimit(most=int(setting), asked_by="max_warnings in the settings")
