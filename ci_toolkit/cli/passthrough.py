"""Commands that hand what follows ``--`` to pytest, untouched."""

import click

from ci_toolkit.cli.extras import require_extras
from ci_toolkit.cli.settings import ToolkitCommand

_KEY = "ci_toolkit.pytest_args"


class PytestCommand(ToolkitCommand):
    """A command whose arguments end at ``--``; the rest is pytest's."""

    takes_pytest_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put pytest's part aside and parse ours."""
        ours, theirs = args, tuple[str, ...]()
        if "--" in args:
            at = args.index("--")
            ours, theirs = args[:at], tuple(args[at + 1 :])
        ctx.meta[_KEY] = theirs
        return super().parse_args(ctx, ours)

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
