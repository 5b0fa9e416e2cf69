"""Finds tests that were skipped because what they depend on ran in another shard."""

from collections.abc import Iterator, Sequence

from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.model.problem import Problem, ProblemKind


def separated_tests(merges: Sequence[ShardMerge]) -> Iterator[Problem]:
    """Yield a problem for each shard with such tests. What no shard offers is missing in plain pytest too."""
    shard_of = {name: merge.shard.index for merge in merges for name in sorted(merge.offers)}
    for merge in merges:
        separated = [(test, name) for test, name in merge.needs if name in shard_of]
        if separated:
            test, name = separated[0]
            more = f" (and {len(separated) - 1} more)" if len(separated) > 1 else ""
            message = (
                f"{test} was skipped in shard {merge.shard.index}{more}, for it depends on {name!r}, which ran in "
                f"shard {shard_of[name]}; write the mark in the test file, or keep both in one `xdist_group` with "
                "`--keep xdist_group`"
            )
            yield Problem(kind=ProblemKind.TESTS_SEPARATED, message=message, shard=merge.shard.index)
