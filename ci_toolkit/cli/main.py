"""The ``ci-toolkit`` program: finds the command, runs it, and turns errors into messages and exit codes."""

import atexit
import difflib
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import click

from ci_toolkit import __version__
from ci_toolkit.cli.clock import BEGUN_AT as _BEGUN_AT  # noqa: F401 (the clock starts with the program)
from ci_toolkit.cli.guard import guarded_output
from ci_toolkit.cli.help_text import WholeWords
from ci_toolkit.cli.machine import machine_failure
from ci_toolkit.cli.mistakes import explained
from ci_toolkit.cli.settings import (
    TABLES,
    ToolkitCommand,
    Unconfigured,
    defaults_from_pyproject,
    let_environment_speak,
    words_of,
)
from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ExitCode, ToolkitError

COMMANDS = {
    "run": ("ci_toolkit.cli.run", "Plan, run, merge and judge the suite on this machine."),
    "plan": ("ci_toolkit.cli.plan", "Write the plan: which shard runs what."),
    "shard": ("ci_toolkit.cli.shard", "Run one shard of a plan and leave its bundle."),
    "adjudicate": ("ci_toolkit.cli.adjudicate", "Try on a fresh machine what failed in the shards."),
    "merge": ("ci_toolkit.cli.merge", "Merge the bundles into one verdict."),
    "history": ("ci_toolkit.cli.history", "The times of past runs: show, import, export, prune."),
    "flaky": ("ci_toolkit.cli.flaky", "A failure of the last run reproduced, and what in its order makes it fail."),
    "quarantine": ("ci_toolkit.cli.quarantine", "Tests whose known failures do not fail a run."),
    "services": (
        "ci_toolkit.cli.services",
        "The real services: start, stop, ports, and the files made from their table.",
    ),
    "github": ("ci_toolkit.cli.github", "The verdict as one status of the pull request."),
    "settings": ("ci_toolkit.cli.show_settings", "Every setting here, with its value and its source."),
    "doctor": ("ci_toolkit.cli.doctor", "What is here of what the settings ask for, and what to do about the rest."),
    "open": ("ci_toolkit.cli.open", "Show the report of the last run in a browser."),
    "lint": ("ci_toolkit.cli.lint", "Check tests against the rules of the guide."),
    "init": ("ci_toolkit.cli.init", "Bring ci-toolkit into a repository: workflow, settings, nox sessions."),
    "new": ("ci_toolkit.cli.new", "Write a test from the guide's template."),
    "index": ("ci_toolkit.cli.index", "Write the catalogue of e2e tests and the picture of the test architecture."),
    "completion": ("ci_toolkit.cli.completion", "Print what bash, zsh or fish needs to complete commands and options."),
}
"""Command name to the module with its click command (named ``command``) and its one line of help.

Modules are imported only when their command runs: `ci-toolkit shard` must not pay for the others.
"""
_GARBAGE_AFTER = 100_000
"""New objects between two looks for garbage. A command keeps nearly all that it makes to its end: with Python's own 700
the looks are a tenth of what a merge takes, and a fifth of what `run` itself does beside its tests."""


click.Context.formatter_class = WholeWords  # here, for each command makes a context of its own


def load_command(name: str) -> click.Command:
    """Import the command ``name`` of ``COMMANDS``; variables of the environment then set its options."""
    command = importlib.import_module(COMMANDS[name][0]).command
    assert isinstance(command, click.Command)
    let_environment_speak(command, name)
    return command


def every_word() -> Iterator[str]:
    """Yield every key that ``[tool.ci-toolkit]`` may have.

    A generator: the other commands are imported only where a setting is not the asking command's own.
    """
    yield from (*TABLES, *COMMANDS)
    for name in COMMANDS:
        yield from words_of(load_command(name))


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for, and names the nearest one when there is none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command, or None if there is no such command."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises UsageError with the nearest known name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        is_help = bool({"-h", "--help"} & set(rest))  # a wrong setting must not stand before it
        if name and command and not is_help and not isinstance(command, Unconfigured):
            try:
                defaults = defaults_from_pyproject(command, name, project_root(Path.cwd()), every_word())
            except ToolkitError:
                if isinstance(command, ToolkitCommand):
                    command.refuse(rest)
                raise
            ctx.default_map = {name: defaults}
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the help of the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 passed, 1 failed, 2 usage, 3 nothing to run, 4 infrastructure, "
    "5 incomplete, 70 a bug in ci-toolkit, 130 interrupted.",
)
@click.version_option(__version__, prog_name="ci-toolkit")
def program() -> None:
    """Turn a pytest suite into one distributed, honest CI run."""


def main(argv: list[str] | None = None) -> int:
    """Run the program and return its exit code; every message goes to standard error."""
    return run_program(program, argv, name="ci-toolkit")


def run_program(command: click.Command, argv: list[str] | None, *, name: str) -> int:
    """Run ``command`` under ``name`` and return its exit code; every message goes to standard error."""
    with guarded_output():
        try:
            result = command.main(args=argv, prog_name=name, standalone_mode=False)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the one broad catch)
            return _explained(error)
    return result if isinstance(result, int) else ExitCode.PASSED


def _explained(error: BaseException) -> int:
    """Say what ``error`` means to standard error, and return its exit code."""
    match error:
        case click.NoSuchOption():
            return _explained(explained(error))
        case click.ClickException():
            error.show()
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            click.echo("ci-toolkit: interrupted", err=True)
            return ExitCode.INTERRUPTED
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say
            return ExitCode.USAGE
    known = error if isinstance(error, ToolkitError) else machine_failure(error)
    if known is not None:
        from ci_toolkit.cli.output import talk

        talk(f"ci-toolkit: error {known.explained}")
        return known.exit_code
    traceback.print_exception(error)
    click.echo("ci-toolkit: this is a bug in ci-toolkit; please report it with the lines above", err=True)
    return ExitCode.BUG


def entry_point() -> None:
    """Run the program and exit."""
    gc.set_threshold(_GARBAGE_AFTER)
    atexit.register(gc.freeze)  # the last look, at all that a command has kept, is a twelfth of what a merge takes
    sys.exit(main())
