"""Percentages that are compared without rounding, and shown so that nobody takes one for another."""


def reaches(covered: int, statements: int, threshold: float) -> bool:
    """Return whether covered/statements is at least ``threshold`` percent, without rounding."""
    return covered * 100 >= threshold * statements


def shown(percent: float, threshold: float) -> str:
    """Return ``percent`` with as many digits as it takes not to look like ``threshold``."""
    for digits in range(2, 12):
        text = f"{percent:.{digits}f}"
        if float(text) < threshold:
            return text
    return repr(percent)
