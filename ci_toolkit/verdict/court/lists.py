"""Which tests are held to be flaky, and since which commit others are broken."""

import math
from collections.abc import Mapping

import msgspec

from ci_toolkit.model.outcomes import Judged
from ci_toolkit.verdict.court.case import Kind
from ci_toolkit.verdict.court.memory import Memory, TestMemory

FLAKINESS = frozenset({Kind.FLAKY, Kind.ORDER_DEPENDENT, Kind.ENVIRONMENT, Kind.KNOWN})
COMMITS_KEPT = 20
COMMITS_TO_LIST = 2
"""A test is listed when it was flaky at so many: a change that has just broken it may look like a first flake."""
PATIENCE = 10
"""Commits."""
SURPRISE = 0.01
_DOUBT = 0.05
_RAREST = 0.003


def passes_for_release(known: TestMemory) -> int:
    """Return how many clean passes in distinct orders end the listing of a test."""
    return passes_needed(known.times / max(known.runs_then, 1))


def passes_needed(share: float) -> int:
    """Return how many passes in a row show that a test which failed in ``share`` of its runs is mended.

    A test that fails in the share q of runs passes n times in a row with the chance (1 - q)^n. The n is chosen so that
    this chance is 5% for half of the share that was seen until it last failed.
    """
    return math.ceil(math.log(_DOUBT) / math.log(1 - min(max(share, _RAREST), 0.9) / 2))


def suspects(memory: Memory, commit: int) -> Mapping[str, int]:
    """Return test to the commit of main since which it is held to be broken or unreliable; ``commit`` is the newest."""
    since = {test: suspected_since(known, commit) for test, known in memory.tests.items()}
    return {test: first for test, first in since.items() if first is not None}


def suspected_since(known: TestMemory, commit: int) -> int | None:
    """Return the commit of main since which a test is held to be broken or unreliable; None if it is not."""
    if known.broken_since is not None:
        return known.broken_since
    return known.commits[0] if known.commits and _is_change(known, commit) and not known.is_listed else None


def _is_change(known: TestMemory, commit: int) -> bool:
    """Return whether a commit made the test unreliable: at its rate it would else have failed long before.

    After ``PATIENCE`` commits nobody has mended it, and it counts as flaky.
    """
    is_recent = commit - known.commits[0] <= PATIENCE
    return is_recent and (1 - known.rate / 2) ** known.runs_before < SURPRISE


def after_a_ruling(known: TestMemory, judged: Judged, commit: int, runs: int, *, is_main: bool) -> TestMemory:
    """Return what is known of a test after the ruling on its failure at ``commit``; ``runs`` had been seen before."""
    known = msgspec.structs.replace(known, clean_orders=frozenset())
    if judged.kind in FLAKINESS:
        known = msgspec.structs.replace(
            known,
            signatures=known.signatures | {judged.signature},
            runs_before=known.runs_before if known.commits else runs,
            commits=(*known.commits, commit)[-COMMITS_KEPT:],
            times=known.times + 1,
            runs_then=runs + 1,
            rate=max(known.rate, judged.rate),
        )
        return msgspec.structs.replace(
            known,
            is_listed=known.is_listed or (len(set(known.commits)) >= COMMITS_TO_LIST and not _is_change(known, commit)),
        )
    if judged.kind == Kind.REGRESSION and is_main and known.broken_since is None:
        return msgspec.structs.replace(known, broken_since=commit, broken_signature=judged.signature)
    return known
