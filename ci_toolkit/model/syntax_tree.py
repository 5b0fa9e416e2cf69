"""The syntax tree of a source that is read and not run."""

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

UNREADABLE_SOURCE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python raises of a source that it cannot read: no Python, a NUL byte, nested too deep."""


def syntax_tree(source: bytes | str) -> ast.Module:
    """Return the tree of the module ``source``, or raise one of ``UNREADABLE_SOURCE``."""
    with sources_only_read():
        return ast.parse(source)


@contextmanager
def sources_only_read() -> Iterator[None]:
    """Leave unsaid what Python warns of when it parses, such as a dubious escape: that is for whoever runs the source.

    Where warnings are errors, such a source could not be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # as Python 3.11 calls some of them
        yield
