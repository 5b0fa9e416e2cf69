"""What a mistyped option is told: the option that was meant, and where pytest's own options go."""

import difflib

import click

_ALIKE = 0.6
"""How alike two words are that one can be meant by the other; the dashes that begin them say nothing."""


def explained(error: click.NoSuchOption) -> click.UsageError:
    """Return ``error`` with an option that looks like the one it names, and the hint of its command."""
    given = error.option_name
    command = error.ctx.command if error.ctx is not None else None
    known = {name.lstrip("-"): name for param in command.params for name in param.opts} if command else {}
    near = difflib.get_close_matches(given.lstrip("-"), known, n=1, cutoff=_ALIKE)
    hint = f" Did you mean '{known[near[0]]}'?" if near else ""
    if not near and error.ctx is not None and getattr(command, "takes_pytest_args", False):
        hint = f" Options of pytest's own follow `--`, such as: {error.ctx.command_path} -- {given}"
    return click.UsageError(f"{error.message}{hint}", error.ctx)
