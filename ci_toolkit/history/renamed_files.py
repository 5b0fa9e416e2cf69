"""Recognises a file that was moved or renamed by the tests in it."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePosixPath

from ci_toolkit.model.node_id import function_of

_ALIKE_WITH_ITS_NAME = 0.5
_ALIKE = 0.8
"""How much two files must share: of the test functions in either, those in both."""
_TELLS_NOTHING = 50
"""A name in more files than this (``test_init``) does not point at one of them."""


def earlier_paths(gone: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return new path to the path that it had before, each at most once.

    ``gone`` holds the node-id suffixes that history knows of files that are no longer there, ``new`` those that
    stand in files that history does not know. A file that kept its base name may have changed more.
    """
    before = {path: frozenset(map(function_of, suffixes)) for path, suffixes in gone.items()}
    holders: dict[str, list[str]] = defaultdict(list)
    for path, functions in before.items():
        for function in functions:
            holders[function].append(path)
    pairs = []
    for path, suffixes in new.items():
        functions = frozenset(map(function_of, suffixes))
        near = {h for f in functions if len(holders[f]) <= _TELLS_NOTHING for h in holders[f]}
        pairs += [(-score, path, old) for old in near if (score := _alike(path, functions, old, before[old]))]
    found: dict[str, str] = {}
    for _, path, old in sorted(pairs):
        if path not in found and old not in found.values():
            found[path] = old
    return found


def _alike(path: str, functions: frozenset[str], old: str, before: frozenset[str]) -> float:
    share = len(functions & before) / len(functions | before)
    same_name = PurePosixPath(path).name == PurePosixPath(old).name
    if same_name and share >= _ALIKE_WITH_ITS_NAME:
        return 1.0 + share
    return share if share >= _ALIKE and len(functions) > 1 else 0.0
