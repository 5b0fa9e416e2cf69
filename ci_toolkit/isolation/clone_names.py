"""The names of the databases that workers own: how they are made, and how a dead session's are known again."""

import hashlib
import re
from typing import Final

MARK: Final = "__ci_toolkit_"
"""Stands in the name of every clone, between the template's name and the run's id."""
_LONGEST_WORKER: Final = 12
RUN_AND_WORKER: Final = f"[0-9a-f]{{8}}_[a-z0-9]{{1,{_LONGEST_WORKER}}}"
"""The end of the name of every clone, as a regular expression."""
_LONGEST_NAME: Final = 63
"""Bytes that PostgreSQL keeps of a name; it cuts the rest off without an error."""
_LONGEST_TAIL: Final = len(MARK) + 8 + 1 + _LONGEST_WORKER
_DIGEST: Final = 8


def clone_prefix(template: str) -> str:
    """Return how the names of all clones of ``template`` begin, and those of no other database's clones.

    A template's name that leaves too few bytes for the rest is cut, between characters, and its digest follows.
    """
    longest = _LONGEST_NAME - _LONGEST_TAIL
    name = template.encode()
    if len(name) > longest:
        digest = hashlib.sha256(name).hexdigest()[:_DIGEST]
        kept = name[: longest - _DIGEST - 1].decode(errors="ignore")  # a character that was cut in two is left out
        return f"{kept}_{digest}{MARK}"
    return template + MARK


def clone_name(template: str, run: str, worker: str) -> str:
    """Return the name of the clone of ``template`` that one worker of one run has, of at most 63 bytes.

    ``run`` is eight hexadecimal digits; a worker's name that does not fit is replaced by a digest of it.
    """
    tail = f"{run}_{worker}"
    if not re.fullmatch(RUN_AND_WORKER, tail):
        tail = f"{run}_{hashlib.sha256(worker.encode()).hexdigest()[:_LONGEST_WORKER]}"
    return clone_prefix(template) + tail
