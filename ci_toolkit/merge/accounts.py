"""The shards' accounts put together, those that never came back included."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.merge.tally import SLOWEST, add_counts, add_llm_use, by_reason
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MergedShard
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.problem import Problem
from ci_toolkit.model.verdict import Counts, LostTest, TestFailure


class Accounts:
    """What all shards of a plan amount to. A shard without a bundle has lost every file that it was to run."""

    def __init__(self, plan: Plan, merges: Sequence[ShardMerge], flaky_over_tries: Sequence[TestFailure] = ()) -> None:
        """``flaky_over_tries`` are failures of earlier tries of a shard; the tests passed in the try that counts."""
        present = {merge.shard.index for merge in merges}
        missing = [shard for shard in plan.shards if shard.index not in present]
        unseen = tuple(_lost_with(missing))
        shards = (*(merge.shard for merge in merges), *map(_missing_shard, missing))
        slowest = sorted((slow for m in merges for slow in m.slowest), key=lambda slow: (-slow.seconds, slow.node_id))
        self.counts = add_counts(
            [
                *(merge.counts for merge in merges),
                Counts(total=sum(lost.counts_as for lost in unseen), lost=sum(lost.counts_as for lost in unseen)),
                Counts(flaky=len(flaky_over_tries)),
            ]
        )
        self.shards = tuple(sorted(shards, key=lambda shard: shard.index))
        self.lost = tuple(_each_file_once([*chain.from_iterable(merge.lost for merge in merges), *unseen]))
        self.left_out = tuple(_each_file_once(chain.from_iterable(merge.left_out for merge in merges)))
        self.critical = tuple(chain.from_iterable(merge.critical for merge in merges))
        self.clashes = tuple(chain.from_iterable(merge.clashes for merge in merges))
        self.failures = tuple(chain.from_iterable(merge.failures for merge in merges))
        self.flaky = (*chain.from_iterable(merge.flaky for merge in merges), *flaky_over_tries)
        self.problems = tuple(_once(chain.from_iterable(merge.problems for merge in merges)))
        self.empty_files = sorted(chain.from_iterable(merge.empty_files for merge in merges))
        self.skipped = by_reason(chain.from_iterable(merge.skipped for merge in merges))
        self.xfailed = by_reason(chain.from_iterable(merge.xfailed for merge in merges))
        self.xpassed = by_reason(chain.from_iterable(merge.xpassed for merge in merges))
        self.slowest = tuple(slowest[:SLOWEST])
        self.skipped_files = sum(merge.skipped_files for merge in merges)
        self.deselected = sum(merge.deselected for merge in merges)
        self.removed = sum(merge.removed for merge in merges)
        self.trials = tuple(chain.from_iterable(merge.trials for merge in merges))
        self.trials_ended = tuple((merge.shard.index, merge.trials_ended) for merge in merges if merge.trials_ended)
        self.llm = add_llm_use(merge.llm for merge in merges)


def _once(problems: Iterable[Problem]) -> Iterable[Problem]:
    """Yield each message once: several shards can meet one file that the plan does not know."""
    return {problem.message: problem for problem in problems}.values()


def _lost_with(missing: Iterable[PlannedShard]) -> Iterable[LostTest]:
    for shard in missing:
        for unit in shard.units:
            reason = f"shard {shard.index} left no bundle that counts"
            yield LostTest(node_id=unit.path, shard=shard.index, reason=reason, tests=unit.tests)


def _each_file_once(tests: Iterable[LostTest]) -> Iterator[LostTest]:
    """Yield ``tests`` with the pieces of a cut file as one: what is lost under one name in several shards is such."""
    together: dict[str, list[LostTest]] = {}
    for test in tests:
        together.setdefault(test.node_id, []).append(test)
    for first, *others in together.values():
        yield _with_pieces(first, [other for other in others if other.shard != first.shard])
        yield from (other for other in others if other.shard == first.shard)  # namesakes, which pytest allows


def _with_pieces(first: LostTest, others: Sequence[LostTest]) -> LostTest:
    if not others:
        return first
    every = (first, *others)
    return msgspec.structs.replace(
        first,
        reason=f"{first.reason}; more of the file on shard {', '.join(str(other.shard) for other in others)}",
        is_critical=any(test.is_critical for test in every),
        tests=sum(test.counts_as for test in every) if any(test.tests for test in every) else 0,
    )


def _missing_shard(shard: PlannedShard) -> MergedShard:
    reason = "no bundle that counts came back"
    return MergedShard(index=shard.index, state=ShardState.MISSING, reason=reason, tests=0, actual_seconds=0.0)
