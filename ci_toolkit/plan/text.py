"""Seconds and money as the text of notes."""

_TENTHS_BELOW = 10.0
"""Below so many seconds a tenth of one matters."""

_MINUTES_FROM = 600.0


def seconds_text(seconds: float) -> str:
    """Return such as ``0.4 s``, ``341 s`` or ``12.5 min``."""
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < _MINUTES_FROM else f"{seconds / 60.0:.1f} min"


def money_text(amount: float) -> str:
    """Return such as ``12.30`` or, of little, ``0.016``."""
    return f"{amount:.2f}" if amount >= 1.0 else f"{amount:.3f}"
