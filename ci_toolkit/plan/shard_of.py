"""Which shard of a plan runs a test."""

from ci_toolkit.model.plan import PieceOf, Plan


class ShardOf:
    """Answers for each test which shard of a plan, from 0, runs it."""

    def __init__(self, plan: Plan) -> None:
        self._whole: dict[str, int] = {}
        self._pieces: dict[tuple[str, int], int] = {}
        self._piece_of = {cut.path: PieceOf(cut) for cut in plan.cuts}
        for shard in plan.shards:
            for unit in shard.units:
                if unit.piece:
                    self._pieces[unit.path, unit.piece] = shard.index - 1
                else:
                    self._whole[unit.path] = shard.index - 1

    def is_cut(self, path: str) -> bool:
        """Whether the plan cuts the file."""
        return path in self._piece_of

    def __call__(self, path: str, suffix: str) -> int | None:
        """Return the shard that runs ``path::suffix``, or None if the plan has no such file."""
        piece_of = self._piece_of.get(path)
        if piece_of is None:
            return self._whole.get(path)
        return self._pieces.get((path, piece_of(suffix)))
