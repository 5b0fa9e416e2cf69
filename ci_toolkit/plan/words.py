"""How numbers are said in notes."""


def seconds_text(seconds: float) -> str:
    """Return such as ``0.4 s``, ``341 s`` or ``12.5 min``."""
    if seconds < 10.0:  # noqa: PLR2004 (below ten a tenth matters)
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 600.0 else f"{seconds / 60.0:.1f} min"  # noqa: PLR2004 (ten minutes)
