"""`ci-toolkit lint`: the guide's rules over test code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_toolkit.cli.guard import harmless_json
from ci_toolkit.errors import ExitCode
from ci_toolkit.model.wording import number_of

if TYPE_CHECKING:
    from ci_toolkit.lint.finding import LintReport


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github", "sarif", "json"]),
    default="text",
    show_default=True,
    help="The format of the findings on standard output.",
)
@click.option(
    "--select",
    "selected",
    multiple=True,
    metavar="CODE",
    help="Check only this rule (repeatable).",
)
@click.option("--ignore", "ignored", multiple=True, metavar="CODE", help="Do not check this rule (repeatable).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the findings to this file.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="How many processes to use; 0: one a core.")
@click.option("--rules", "list_rules", is_flag=True, help="Print the rules and exit.")
def command(
    paths: tuple[Path, ...],
    form: str,
    selected: tuple[str, ...],
    ignored: tuple[str, ...],
    output: Path | None,
    jobs: int,
    *,
    list_rules: bool,
) -> int:
    """Check tests against the rules of the test guide.

    In a folder, every Python file is checked that git does not ignore. Exit code 1 means findings. To waive a finding,
    write a comment with a reason on its line: `# noqa: CIT003 (why)`. The settings are in [tool.ci-toolkit.lint] of
    pyproject.toml.
    """
    if list_rules:
        _print_rules()
        return ExitCode.PASSED
    from ci_toolkit.config.project import project_root
    from ci_toolkit.lint.engine import lint
    from ci_toolkit.lint.formats import FORMATS
    from ci_toolkit.lint.settings import load_settings
    from ci_toolkit.services.catalog.settings import read_table

    root = project_root((paths[0] if paths else Path()).absolute())
    ports = read_table(root).every_port
    settings = load_settings(root, service_ports=ports).narrowed(select=_split(selected), ignore=_split(ignored))
    report = lint(paths or (Path(),), root=root, settings=settings, jobs=jobs)
    written = FORMATS[form](report).encode("utf-8", "backslashreplace")
    if output is None:
        _print_findings(form, written)
    else:
        output.write_bytes(written)
    _say(report)
    return ExitCode.FAILED if report.findings else ExitCode.PASSED


def _print_findings(form: str, written: bytes) -> None:
    if form == "text":
        click.echo(written.decode(), nl=False)
        return
    # Annotations are commands on purpose, and JSON keeps its value: both go around the guard of our output.
    sys.stdout.flush()
    sys.stdout.buffer.write(written.replace(b"##[", b"# #[") if form == "github" else harmless_json(written))
    sys.stdout.buffer.flush()


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for value in values for code in value.split(",") if code.strip())


def _print_rules() -> None:
    from ci_toolkit.lint.rules import ALL_RULES

    for rule in ALL_RULES:
        click.echo(f"{rule.code}  {rule.name}\n        {rule.forbids}\n        {rule.instead}")


def _say(report: "LintReport") -> None:
    """Print what was not checked, and the number of findings, to standard error."""
    from ci_toolkit.lint.formats.text import printable

    for skip in report.skipped:
        click.echo(f"ci-toolkit: not checked: {printable(skip.path)}: {printable(skip.reason)}", err=True)
    if not report.files:
        click.echo("ci-toolkit: there is no Python file to check", err=True)
        return
    waived = f", {report.waived} waived" if report.waived else ""
    click.echo(
        f"ci-toolkit: {number_of(len(report.findings), 'finding')} in {number_of(report.files, 'file')}{waived}",
        err=True,
    )
