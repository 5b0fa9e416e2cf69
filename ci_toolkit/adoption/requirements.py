"""Finds what a project calls the requirements of its tests: an extra, a group, or a file of requirements."""

import configparser
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_INCLUDED = re.compile(r"^\s*(?:-r|--requirement)[\s=]+(\S+)", re.MULTILINE)
_FILE = re.compile(r"(?:requirements/[^/]+|[^/]*requirements[^/]*|[^/]*reqs[^/]*)\.txt")
_USUAL = ("test", "tests", "testing", "ci", "dev", "develop", "development", "all")
"""What sets of requirements for tests are called, the one with least in it first."""


def set_of_tests(sets: Mapping[str, Sequence[Any]], *, of: str) -> str | None:
    """Return the name of the set that brings pytest, by the most usual name; else one that is called as such sets are.

    ``sets`` are extras or groups; one includes another as ``{include-group = "x"}``, or as ``of[x]`` of the project.
    """
    with_pytest = [name for name in sets if _brings_pytest(name, sets, of, seen=frozenset())]
    if with_pytest:
        return min(with_pytest, key=_rank)
    named = [name for name in sets if name.lower() in _USUAL[:3]]
    return min(named, key=_rank) if named else None


def files_of_tests(paths: Sequence[str], read: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return the files of requirements to install for the tests: the base one, and the one that brings pytest."""
    known = {path: read(path) or "" for path in sorted(paths) if _FILE.fullmatch(path)}
    base = [path for path in ("requirements.txt", "requirements/base.txt") if path in known]
    with_pytest = [path for path in known if _file_brings_pytest(path, known, seen=frozenset())]
    if not with_pytest:
        return tuple(base[:1])
    best = min(with_pytest, key=lambda path: (_rank(_word(path)), len(path), path))
    return tuple(dict.fromkeys([*base[:1], best]))


def requirements_of_tox(text: str) -> tuple[str, ...]:
    """Return what pip is to install of tox's default environment: plain requirements, and ``-r FILE``.

    What depends on a factor (``py312: x``) or holds a substitution is left out.
    """
    deps = read_ini(text).get("testenv", "deps", fallback="")
    lines = [line.split(" #")[0].strip() for line in deps.splitlines()]
    words: list[str] = []
    for line in lines:
        if match := re.fullmatch(r"-r\s*([\w./-]+)", line):
            words += ["-r", match[1]]
        elif re.match(r"[A-Za-z0-9]", line) and not re.search(r"[{}]|^[\w,!.-]+:", line):
            words.append(line)
    return tuple(words)


def extras_of_setup_cfg(text: str) -> dict[str, list[str]]:
    """Return the extras of a setup.cfg with their requirements."""
    ini, section = read_ini(text), "options.extras_require"
    return {name: value.split("\n") for name, value in (ini.items(section) if ini.has_section(section) else ())}


def read_ini(text: str) -> configparser.RawConfigParser:
    """Return what an ini file says; nothing where it cannot be read."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return parser


def has_hashes(text: str) -> bool:
    """Whether pip demands a hash of everything that is installed together with this file."""
    return "--hash=" in text


def names_pytest(requirements: Sequence[Any]) -> bool:
    """Whether one of the requirements is pytest or a plugin of it."""
    names = {_normal(match[1]) for each in requirements if isinstance(each, str) and (match := _NAME.match(each))}
    return any(name == "pytest" or name.startswith("pytest-") for name in names)


def _brings_pytest(name: str, sets: Mapping[str, Sequence[Any]], of: str, seen: frozenset[str]) -> bool:
    requirements = sets.get(name, ())
    if not isinstance(requirements, list | tuple) or name in seen:
        return False
    if names_pytest(requirements):
        return True
    included = [each["include-group"] for each in requirements if isinstance(each, dict) and "include-group" in each]
    for each in requirements:
        match = _NAME.match(each) if isinstance(each, str) else None
        if match and of and _normal(match[1]) == _normal(of):
            included += [extra.strip() for extra in (match[2] or "").split(",")]
    return any(_brings_pytest(other, sets, of, seen | {name}) for other in included if isinstance(other, str))


def _file_brings_pytest(path: str, known: Mapping[str, str], seen: frozenset[str]) -> bool:
    text = known.get(path)
    if text is None or path in seen:
        return False
    if names_pytest(text.splitlines()):
        return True
    folder = path.rpartition("/")[0]
    included = (f"{folder}/{name}".lstrip("/") for name in _INCLUDED.findall(text))
    return any(_file_brings_pytest(other.replace("./", ""), known, seen | {path}) for other in included)


def _word(path: str) -> str:
    words = re.split(r"[^a-z]+", path.lower().removesuffix(".txt"))
    return next((word for word in _USUAL if word in words), "")


def _rank(name: str) -> tuple[int, str]:
    lower = name.lower()
    return (_USUAL.index(lower) if lower in _USUAL else len(_USUAL), lower)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
