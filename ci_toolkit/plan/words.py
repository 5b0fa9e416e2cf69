"""How numbers are said in notes."""


def seconds_text(seconds: float) -> str:
    """Return such as ``0.4 s``, ``341 s`` or ``12.5 min``."""
    if seconds < 10.0:  # noqa: PLR2004 (below ten a tenth matters)
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 600.0 else f"{seconds / 60.0:.1f} min"  # noqa: PLR2004 (ten minutes)


def shards_text(count: int) -> str:
    """Return such as ``1 shard`` or ``12 shards``."""
    return "1 shard" if count == 1 else f"{count} shards"


def money_text(amount: float) -> str:
    """Return such as ``12.30`` or, of little, ``0.016``."""
    return f"{amount:.2f}" if amount >= 1.0 else f"{amount:.3f}"
