"""Commands that hand what follows ``--`` to pytest."""

from collections.abc import Iterable

import click

from ci_toolkit.cli.extras import require_extras
from ci_toolkit.cli.settings import ToolkitCommand

_OF_THE_WHOLE_RUN = frozenset(
    {
        "last_failed",
        "where_none_failed",
        "failed_first",
        "stepwise",
        "stepwise_skip",
        "stepwise_reset",
        "exitfirst",
        "maxfail",
    }
)
"""Options of ours that mean the same behind ``--``: a shard's pytest knows neither the last run nor other shards."""
_WITH_A_VALUE = ("--maxfail", "--lfnf", "--last-failed-no-failures")
_KEY = "ci_toolkit.pytest_args"


class PytestCommand(ToolkitCommand):
    """A command whose arguments end at ``--``; the rest is pytest's, save what asks for the whole run."""

    takes_pytest_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put pytest's part aside and parse ours."""
        ours, theirs = args, tuple[str, ...]()
        if "--" in args:
            at = args.index("--")
            ours, theirs = args[:at], tuple(args[at + 1 :])
        taken, ctx.meta[_KEY] = self._of_the_whole_run(theirs)
        return super().parse_args(ctx, [*ours, *taken])

    def _of_the_whole_run(self, words: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
        """Divide pytest's part into what this command does itself, and the rest."""
        own = {option for param in self.params if param.name in _OF_THE_WHOLE_RUN for option in param.opts}
        taken, left = list[str](), list[str]()
        for word in words:
            is_value = bool(taken) and taken[-1] in _WITH_A_VALUE
            (taken if is_value or word.partition("=")[0] in own else left).append(word)
        return taken, tuple(left)

    def check(self, ctx: click.Context) -> None:
        """Raise MissingExtraError if an option needs a package that is not installed."""
        require_extras(ctx.params)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the usage with pytest's part."""
        return [*super().collect_usage_pieces(ctx), "[-- PYTEST ARGS]"]


def pytest_args() -> tuple[str, ...]:
    """Return what followed ``--`` on this command line."""
    args: tuple[str, ...] = click.get_current_context().meta.get(_KEY, ())
    return args
