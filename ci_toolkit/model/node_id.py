"""pytest's name of a test in its two parts: the path of its file, and the suffix that follows ``path::``.

The suffix is empty for an item that is its file, as some linting plugins make them: its node id is the path alone.
It is ``::`` for an item without a name, whose node id is ``path::``.
"""

from collections.abc import Iterator

_MARK = "::"


def node_id_of(path: str, suffix: str) -> str:
    """Return the node id of a test: the path alone where there is no suffix."""
    if _is_nameless(suffix):
        return path + suffix
    return f"{path}{_MARK}{suffix}"


def split_node_id(node_id: str) -> tuple[str, str]:
    """Return path and suffix of a node id, so that ``node_id_of`` gives it back."""
    path, mark, suffix = node_id.partition(_MARK)
    return path, mark + suffix if _is_nameless(suffix) else suffix


def _is_nameless(suffix: str) -> bool:
    """Whether ``suffix`` is nothing but marks, which then stand in it all: the first of them would be lost."""
    return not suffix.replace(_MARK, "")


def suffix_below(path: str, node_id: str) -> str:
    """Return what names the test within the file ``path``: all of the node id where that does not begin with it."""
    if node_id == path:
        return ""
    suffix = node_id.removeprefix(path + _MARK)
    return _MARK + suffix if _is_nameless(suffix) else suffix


def function_of(suffix: str) -> str:
    """Return a suffix without its parameters: ``T::test[a]`` becomes ``T::test``."""
    return suffix.partition("[")[0]


def class_of(suffix: str) -> str:
    """Return the class part of a suffix: ``T::U::test[a]`` becomes ``T::U``, ``test`` becomes ``""``."""
    return function_of(suffix).rpartition(_MARK)[0]


def names_above(node_id: str) -> Iterator[str]:
    """Yield ``node_id`` and whatever it may stand in: each part of it that ends at a ``::``, the longest first.

    Parameters can hold that sign too, so not each of these is a class or a file.
    """
    name = node_id
    while name:
        yield name
        name = name.rpartition(_MARK)[0]
