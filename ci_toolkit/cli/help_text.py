"""The help of the commands, in which no word is divided at the end of a line."""

from collections.abc import Iterable

import click

_HYPHEN = "\u2011"
"""No place to divide a word; stands for the hyphen while lines are broken."""


class WholeWords(click.HelpFormatter):
    """Breaks lines at blanks only: `.ci-toolkit/out` and `--execution-mode` stay in one piece."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(_whole(prog), _whole(args), prefix)

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(_whole(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of terms and what they mean."""
        super().write_dl([(_whole(term), _whole(meaning)) for term, meaning in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """Return what was written."""
        return super().getvalue().replace(_HYPHEN, "-")


def _whole(text: str) -> str:
    return text.replace("-", _HYPHEN)
