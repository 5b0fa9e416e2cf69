"""What earlier tries of a shard say beside the one that counts: a test that failed then and passes now is flaky."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.shard_merge import ShardMerge, merge_shard
from ci_toolkit.model.outcomes import TryOutcomes
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import TestFailure


class EarlierTries(Record, frozen=True, kw_only=True):
    """What the superseded bundles of a run amount to."""

    flaky: tuple[TestFailure, ...]
    """Failures of earlier tries whose test did not fail in the try that counts; one a test."""
    notes: tuple[str, ...]
    outcomes: tuple[TryOutcomes, ...] = ()
    """What history learns of them."""


def read_earlier_tries(
    plan: Plan, superseded: Sequence[Bundle], merges: Iterable[ShardMerge], *, learns: bool
) -> EarlierTries:
    """Read the ``superseded`` bundles, whose results do not count, for what they say of the tests of ``merges``."""
    counting = {merge.shard.index: merge for merge in merges}
    flaky: dict[str, TestFailure] = {}
    notes = []
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-earlier-") as folder:
        for bundle in superseded:
            index = bundle.card.index
            earlier = merge_shard(bundle, plan.shard(index), Path(folder) / "ignored.xml", frozenset(), learns)
            mended = list(_mended(earlier, counting))
            for failure in mended:
                flaky.setdefault(failure.node_id, failure)
            if earlier.outcomes is not None:
                outcomes.append(earlier.outcomes)
            notes.append(_note(bundle, earlier, len(mended)))
    return EarlierTries(flaky=tuple(flaky.values()), notes=tuple(notes), outcomes=tuple(outcomes))


def _mended(earlier: ShardMerge, counting: Mapping[int, ShardMerge]) -> Iterator[TestFailure]:
    merge = counting.get(earlier.shard.index)
    if merge is None:
        return
    failed = {test.node_id for test in (*merge.failures, *merge.flaky)}
    without_outcome = {test.node_id for test in (*merge.lost, *merge.left_out)}
    yield from (failure for failure in earlier.failures if failure.node_id not in failed | without_outcome)


def _note(bundle: Bundle, earlier: ShardMerge, mended: int) -> str:
    card, counts = bundle.card, earlier.counts
    bad = counts.failed + counts.errors
    told = f"shard {card.index} was run again: an earlier try ({card.state}) counts no more; {bad} of its tests failed"
    return f"{told}, of which {mended} passed when they ran again" if bad else told
