"""Proves that every test ran exactly once, or says what stands against it."""

from collections import defaultdict
from collections.abc import Sequence

from ci_toolkit.merge.shard_files import FileAccount, FileState
from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.model.plan import Cut, Plan
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import Counts, Proof


class CutFiles(Record, frozen=True, kw_only=True):
    """What the shards with pieces of cut files say of these files."""

    torn: dict[str, str]
    """Path to why the pieces are not the whole file."""
    unsteady: frozenset[str]
    """Paths of files of which shards saw other test ids than others."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What stands against the proof."""
        return tuple(Problem(kind=ProblemKind.PIECES_DIFFER, message=message) for message in self.torn.values())


def compare_pieces(plan: Plan, merges: Sequence[ShardMerge]) -> CutFiles:
    """Return what comes of comparing the pieces of each cut file. Pieces that are lost count as such elsewhere."""
    pieces: dict[str, list[FileAccount]] = defaultdict(list)
    for merge in merges:
        for account in merge.files:
            pieces[account.path].append(account)
    torn = {cut.path: message for cut in plan.cuts if (message := _tear(cut, pieces[cut.path]))}
    unsteady = [cut.path for cut in plan.cuts if len({p.ids_digest for p in _collected(pieces[cut.path])}) > 1]
    return CutFiles(torn=torn, unsteady=frozenset(unsteady))


def prove(plan: Plan, merges: Sequence[ShardMerge], counts: Counts, *, pieces_add_up: bool) -> Proof:
    """Return what shows that every test ran once.

    Whole files need no comparison: the plan gives each to one shard. A cut file is whole if each of its pieces was
    collected, all saw the same names that the cut gives to one piece each (by digest), and each accounts for every
    test that it saw of its own.
    """
    accounts = [account for merge in merges for account in merge.files]
    planned = len({unit.path for shard in plan.shards for unit in shard.units})
    collected = len({account.path for account in accounts if account.state is FileState.COLLECTED})
    outcomes = counts.total - counts.lost - counts.left_out
    left_out = f", {counts.left_out} left out" if counts.left_out else ""
    statement = (
        f"{collected} of {planned} planned files collected, each by the one shard that the plan names; "
        f"{_tests(counts.total)}, {outcomes} with one outcome, {counts.lost} lost{left_out}; "
        + _of_cuts(len(plan.cuts), add_up=pieces_add_up)
    )
    return Proof(
        planned_files=planned,
        collected_files=collected,
        collected_tests=counts.total,
        outcomes=outcomes,
        statement=statement,
    )


def _tests(count: int) -> str:
    return f"{count} test{'s' * (count != 1)}"


def _of_cuts(cuts: int, *, add_up: bool) -> str:
    files = "1 cut file, its pieces" if cuts == 1 else f"{cuts} cut files, their pieces"
    return f"{files} {'add up' if add_up else 'do not add up'}" if cuts else "no file cut"


def _collected(pieces: Sequence[FileAccount]) -> list[FileAccount]:
    return [piece for piece in pieces if piece.state is FileState.COLLECTED]


def _tear(cut: Cut, pieces: Sequence[FileAccount]) -> str:
    """Return why the pieces of a cut file are not the whole of it, or ``""``."""
    collected = _collected(pieces)
    skipped = [piece.piece for piece in pieces if piece.state is FileState.SKIPPED]
    if collected and skipped:
        return (
            f"{cut.path} skipped itself as a whole where piece {', '.join(map(str, skipped))} of {len(cut.pieces)} "
            "was to run, and ran elsewhere; make the shards' environments equal, or skip its tests one by one"
        )
    if len({piece.claims_digest for piece in collected}) > 1:
        return (
            f"{cut.path} holds other tests in one shard than in another, so its pieces cannot be trusted; "
            "make the shards' environments equal. The next plan divides no function of the file"
        )
    for piece in collected:
        if piece.tests != piece.piece_total:
            return (
                f"piece {piece.piece} of {cut.path} holds {piece.piece_total} tests; "
                f"its shard accounts for {piece.tests}"
            )
    return ""
