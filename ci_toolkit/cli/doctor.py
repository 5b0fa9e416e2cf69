"""``ci-toolkit doctor``: what is here of what the settings ask for, and what to do about the rest."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ci_toolkit.cli.guard import harmless_json
from ci_toolkit.cli.output import colours_of, columns, show_line, talk
from ci_toolkit.cli.settings import Unconfigured
from ci_toolkit.errors import ConfigurationError, ToolkitError

if TYPE_CHECKING:
    from ci_toolkit.workflow.doctor.wishes import Trouble, Wishes


@click.command(cls=Unconfigured)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, without passwords.")
def command(*, as_json: bool) -> int:
    """Say what is here, and what is missing, of what the settings ask for, each with what to do.

    It looks at Python and git, the settings, the suite, its folders and its history, the extras and plugins, the
    Docker engine and the servers, and starts none of them. What no setting asks for is optional. The exit code is that
    with which a run would end for the first thing that is wrong.
    """
    from ci_toolkit.config.project import project_root
    from ci_toolkit.model.record import to_json
    from ci_toolkit.report.diagnosis import diagnosis_lines
    from ci_toolkit.workflow.doctor.checkup import diagnose

    talk("ci-toolkit: looking at this machine")  # what hangs takes its time
    wishes, troubles = _read(project_root(Path.cwd()))
    diagnosis = diagnose(wishes, troubles, Path.cwd(), os.environ)
    if as_json:
        click.echo(harmless_json(to_json(diagnosis)), nl=False)
        return diagnosis.exit_code
    console = colours_of(sys.stdout, sys.__stdout__)
    for line in diagnosis_lines(diagnosis, columns()):
        show_line(line, console)
    return diagnosis.exit_code


def _read(root: Path) -> "tuple[Wishes, tuple[Trouble, ...]]":
    """Return what the settings in ``root`` ask for, and every reason why they cannot be used."""
    from ci_toolkit.workflow.doctor.wishes import Wishes, trouble_of

    troubles: dict[str, Trouble] = {}
    for error in _mistakes(root):
        troubles.setdefault(error.message, trouble_of(error))
    return (Wishes() if troubles else _wishes(root)), tuple(troubles.values())


def _mistakes(root: Path) -> Iterator[ToolkitError]:
    """Yield what each command, and each room with a table of its own, would refuse."""
    from ci_toolkit.cli.main import COMMANDS
    from ci_toolkit.config.categories import read_categories
    from ci_toolkit.config.flaky import read_flaky
    from ci_toolkit.config.modes import read_modes
    from ci_toolkit.config.quarantine import load_quarantine, quarantine_limits
    from ci_toolkit.lint.settings import load_settings
    from ci_toolkit.services.catalog.settings import read_table
    from ci_toolkit.test_framework.settings import read_framework_settings

    checks: list[Callable[[], object]] = [
        *(partial(_defaults, name, root) for name in COMMANDS),
        *(partial(_params, name, root) for name in ("run", "plan")),
        lambda: read_modes(root, read_categories(root)),
        lambda: read_flaky(root),
        lambda: quarantine_limits(root),
        lambda: load_quarantine(root),
        lambda: read_table(root),
        lambda: read_framework_settings(root),
        lambda: load_settings(root),
    ]
    for check in checks:
        try:
            check()
        except ToolkitError as error:
            yield error


def _defaults(name: str, root: Path) -> dict[str, Any]:
    from ci_toolkit.cli.main import every_word, load_command
    from ci_toolkit.cli.settings import defaults_from_pyproject

    return defaults_from_pyproject(load_command(name), name, root, every_word())


def _params(name: str, root: Path) -> Mapping[str, Any]:
    """Return what the command ``name`` would be told without a flag. Raises ConfigurationError."""
    from ci_toolkit.cli.main import load_command

    asks_only = ["--show-settings"]  # whoever asks so needs not give what a run would need
    try:
        with load_command(name).make_context(name, asks_only, default_map=_defaults(name, root)) as context:
            return dict(context.params)
    except click.UsageError as error:  # a variable of the environment
        raise ConfigurationError(error.format_message(), advice="Correct or unset the variable.") from error


def _wishes(root: Path) -> "Wishes":
    from ci_toolkit.cli.extras import needed_extras
    from ci_toolkit.cli.history_options import chosen_history
    from ci_toolkit.config.project import read_section
    from ci_toolkit.workflow.doctor.wishes import Wishes

    run, plan = _params("run", root), _params("plan", root)
    extras = [(str(extra), option) for extra, option in (*needed_extras(run), *needed_extras(plan))]
    framework, _ = read_section(root, "framework")
    if framework or run["real_llm"]:
        extras.append(("framework", "[tool.ci-toolkit.framework]" if framework else "--real-llm"))
    return Wishes(
        extras=tuple(extras),
        real_services=run["real_services"],
        provider=run["provider"] or "",
        alpine=not run["no_alpine"],
        dynamic_ports=run["dynamic_ports"],
        real_llm=run["real_llm"],
        history=chosen_history(run["history"], no_history=run["no_history"]),
        mode=run["mode"],
        categories=run["categories"],
        outputs=(str(run["results"]), str(run["out"])),
    )
