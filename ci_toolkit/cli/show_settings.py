"""``ci-toolkit settings``: every setting of a run, every category and mode, each with its source."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ci_toolkit.errors import ExitCode


@click.command()
def command() -> int:
    """Print the settings that `ci-toolkit run` would use here, the categories and the modes, each with its source.

    `--show-settings` of a command does the same for that command, with its flags.
    """
    from ci_toolkit.cli.run import command as run
    from ci_toolkit.cli.settings import (
        defaults_from_pyproject,
        let_environment_speak,
        settings_lines,
        table_lines,
    )
    from ci_toolkit.config.categories import read_categories
    from ci_toolkit.config.modes import read_modes
    from ci_toolkit.config.project import project_root, read_pyproject, read_section, tool_table

    root = project_root(Path.cwd())
    let_environment_speak(run, "run")
    known = tool_table(read_pyproject(root), "ci-toolkit")  # whoever found this command has refused every other key
    with run.make_context("run", [], default_map=defaults_from_pyproject(run, "run", root, known)) as context:
        for line in settings_lines(context):
            click.echo(line)
    categories = read_categories(root)
    modes = read_modes(root, categories)
    for name, rows in (
        ("categories", {category.name: category for category in categories.every}),
        ("modes", dict(modes)),
    ):
        table, _ = read_section(root, name)
        click.echo()
        for line in table_lines([(name, "value", "source"), *_rows(rows, table)]):
            click.echo(line)
    return ExitCode.PASSED


def _rows(records: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, record in records.items():
        said = table.get(name, {})
        for field in record.__struct_fields__:
            if field == "name":
                continue
            key = field.replace("_", "-")
            yield f"{name}.{key}", _shown(getattr(record, field)), "pyproject.toml" if key in said else "default"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return f"{value:g}" if isinstance(value, float) else "-" if value is None else str(value)
