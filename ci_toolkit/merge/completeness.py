"""Proves that every test ran exactly once, or says what stands against it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ci_toolkit.merge.shard_merge import FileAccount, FileState, ShardMerge
from ci_toolkit.model.plan import Cut, Plan
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.verdict import Counts, Proof


def prove(plan: Plan, merges: Sequence[ShardMerge], counts: Counts) -> tuple[Proof, tuple[Problem, ...]]:
    """Return what shows that every test ran once, with the problems that stand against it.

    Whole files need no comparison: the plan gives each to one shard. A cut file is whole if each of its pieces
    was collected, all saw the same tests (by digest), and their numbers add up to all of them.
    """
    accounts = [account for merge in merges for account in merge.files]
    problems = tuple(_torn_files(plan, accounts))
    planned = len({unit.path for shard in plan.shards for unit in shard.units})
    collected = len({account.path for account in accounts if account.state is FileState.COLLECTED})
    outcomes = counts.total - counts.lost - counts.left_out
    left_out = f", {counts.left_out} left out" if counts.left_out else ""
    statement = (
        f"{collected} of {planned} planned files collected, each by the one shard that the plan names; "
        f"{counts.total} tests, {outcomes} with one outcome, {counts.lost} lost{left_out}; "
        + _of_cuts(len(plan.cuts), add_up=not problems)
    )
    proof = Proof(
        planned_files=planned,
        collected_files=collected,
        collected_tests=counts.total,
        outcomes=outcomes,
        statement=statement,
    )
    return proof, problems


def _of_cuts(cuts: int, *, add_up: bool) -> str:
    files = "1 cut file, its pieces" if cuts == 1 else f"{cuts} cut files, their pieces"
    return f"{files} {'add up' if add_up else 'do not add up'}" if cuts else "no file cut"


def _torn_files(plan: Plan, accounts: Iterable[FileAccount]) -> Iterator[Problem]:
    by_path: dict[str, list[FileAccount]] = defaultdict(list)
    for account in accounts:
        by_path[account.path].append(account)
    for cut in plan.cuts:
        message = _tear(cut, by_path[cut.path])
        if message:
            yield Problem(kind=ProblemKind.PIECES_DIFFER, message=message)


def _tear(cut: Cut, pieces: Sequence[FileAccount]) -> str:
    """Return why the pieces of a cut file are not the whole of it, or ``""``. Pieces that are lost count as such."""
    collected = [piece for piece in pieces if piece.state is FileState.COLLECTED]
    skipped = [piece.piece for piece in pieces if piece.state is FileState.SKIPPED]
    if collected and skipped:
        return (
            f"{cut.path} skipped itself as a whole where piece {', '.join(map(str, skipped))} of {len(cut.pieces)} "
            "was to run, and ran elsewhere; make the shards' environments equal, or skip its tests one by one"
        )
    if len({(piece.total, piece.total_digest) for piece in collected}) > 1:
        return (
            f"{cut.path} holds other tests in one shard than in another, so its pieces cannot be trusted; "
            "its test ids must not depend on the process (random values, addresses, set order)"
        )
    ran = sum(piece.tests for piece in collected)
    if len(collected) == len(cut.pieces) and ran != collected[0].total:
        return f"{cut.path} holds {collected[0].total} tests; its pieces ran {ran}"
    return ""
