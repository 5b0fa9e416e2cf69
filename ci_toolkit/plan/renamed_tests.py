"""Recognises test functions that were renamed inside their file."""

from collections.abc import Mapping, Sequence

import msgspec

from ci_toolkit.model.durations import FileDurations
from ci_toolkit.model.node_id import class_of, function_of


def under_new_names(known: FileDurations, anchors: Sequence[str]) -> FileDurations:
    """Return ``known`` with its renamed tests under the names that they have in the source, ``anchors``."""
    names = renamed_functions(known.suffixes, anchors)
    if not names:
        return known
    return msgspec.structs.replace(known, suffixes=tuple(_renamed(suffix, names) for suffix in known.suffixes))


def renamed_functions(suffixes: Sequence[str], anchors: Sequence[str]) -> dict[str, str]:
    """Return old name to new name of the functions of ``suffixes`` that have another name among ``anchors``.

    Where as many functions of a class came as went, they are taken for the same, in the order of their names. The
    order of ``suffixes`` says nothing.
    """
    known, found = frozenset(map(function_of, suffixes)), frozenset(map(function_of, anchors))
    came, went = _by_class(found - known), _by_class(known - found)
    return {
        old: new
        for holder, olds in went.items()
        if len(olds) == len(came.get(holder, ()))
        for old, new in zip(olds, came[holder], strict=True)
    }


def _by_class(functions: frozenset[str]) -> Mapping[str, list[str]]:
    by_class: dict[str, list[str]] = {}
    for function in sorted(functions):
        by_class.setdefault(class_of(function), []).append(function)
    return by_class


def _renamed(suffix: str, names: Mapping[str, str]) -> str:
    old = function_of(suffix)
    return names[old] + suffix[len(old) :] if old in names else suffix
