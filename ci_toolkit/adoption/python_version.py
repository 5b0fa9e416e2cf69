"""Chooses the Python to run the tests on, from what the project says that it supports."""

import re
from collections.abc import Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ci_toolkit.adoption.documents import entries, table, text_of
from ci_toolkit.adoption.errors import AdoptionError

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
"""The versions that ci-toolkit runs on, the oldest first."""
_USUAL = "3.12"
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")
_POETRY = re.compile(r"([\^~])\s*(\d+)(?:\.(\d+))?[\d.]*")


def chosen_python(document: Mapping[str, Any], *, where: str, pinned: str = "") -> str:
    """Return the version: the one of ``.python-version``, else the newest of the classifiers, else 3.12 or what fits.

    Raises AdoptionError where the project supports no Python that ci-toolkit runs on.
    """
    specifiers = _specifiers(document)
    fitting = [version for version in SUPPORTED if specifiers is None or _fits(version, specifiers)]
    if not fitting:
        raise AdoptionError(
            f"{where} asks for Python {specifiers}, and ci-toolkit runs on {SUPPORTED[0]} or later",
            advice="Raise requires-python, or run the tests on an older Python without ci-toolkit.",
        )
    first = re.match(r"\s*(?:cpython-?)?(3\.\d+)", pinned)
    if first and first[1] in fitting:
        return first[1]
    named = _named(table(document, "project").get("classifiers"))
    told = [version for version in fitting if version in named]
    if told:
        return told[-1]
    return _USUAL if _USUAL in fitting else fitting[-1]


def _named(classifiers: object) -> set[str]:
    return {match[1] for line in entries(classifiers) if (match := _CLASSIFIER.match(text_of(line)))}


def _specifiers(document: Mapping[str, Any]) -> SpecifierSet | None:
    told = table(document, "project").get("requires-python")
    if told is None:
        poetry = table(document, "tool", "poetry", "dependencies").get("python")
        told = _POETRY.sub(_as_standard, poetry) if isinstance(poetry, str) else None
    try:
        return SpecifierSet(told) if isinstance(told, str) else None
    except InvalidSpecifier:
        return None


def _as_standard(match: re.Match[str]) -> str:
    """Return poetry's ``^3.10`` or ``~3.10`` as the standard writes it."""
    major, minor = int(match[2]), int(match[3] or 0)
    end = f"{major + 1}" if match[1] == "^" or match[3] is None else f"{major}.{minor + 1}"
    return f">={major}.{minor},<{end}"


def _fits(version: str, specifiers: SpecifierSet) -> bool:
    """Whether some release of ``version`` fits; a bound such as ``>=3.11.4`` speaks of one release."""
    return any(specifiers.contains(f"{version}.{release}") for release in range(30))
