import ast
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ci_toolkit.cli.main import COMMANDS, main
from ci_toolkit.cli.settings import TABLES, ToolkitCommand, defaults_from_pyproject, let_environment_speak
from ci_toolkit.errors import ConfigurationError


@click.command(cls=ToolkitCommand)
@click.option("--shards", type=click.IntRange(min=1), default=2)
@click.option("--category", "categories", multiple=True)
@click.option("--coverage", is_flag=True)
@click.option("--api-token", default="")
@click.option("--place", default="")
def command(**values: object) -> None:
    click.echo(repr(values))


let_environment_speak(command, "go")


def show(root: Path, *flags: str, pyproject: str = "") -> dict[str, list[str]]:
    (root / "pyproject.toml").write_text(f"[tool.ci-toolkit]\n{pyproject}\n")
    defaults = defaults_from_pyproject(command, "go", root, ["lines", "go", *TABLES])
    with click.Context(command).scope():
        context = command.make_context("go", [*flags, "--show-settings"], default_map=defaults)
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(click, "echo", lines.append)
        command.invoke(context)
    return {line.split()[0]: line.split()[1:] for line in lines}


def test_the_flag_is_before_the_environment_before_pyproject_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert show(tmp_path)["shards"] == ["2", "default"]
    assert show(tmp_path, pyproject="shards = 3")["shards"] == ["3", "pyproject.toml"]
    of_command = "shards = 3\n[tool.ci-toolkit.go]\nshards = 7"
    assert show(tmp_path, pyproject=of_command)["shards"] == ["7", "pyproject.toml"]
    monkeypatch.setenv("CI_TOOLKIT_SHARDS", "4")
    assert show(tmp_path, pyproject="shards = 3")["shards"] == ["4", "environment", "CI_TOOLKIT_SHARDS"]
    monkeypatch.setenv("CI_TOOLKIT_GO_SHARDS", "5")
    assert show(tmp_path, pyproject="shards = 3")["shards"] == ["5", "environment", "CI_TOOLKIT_GO_SHARDS"]
    assert show(tmp_path, "--shards", "6", pyproject="shards = 3")["shards"] == ["6", "flag"]


def test_settings_are_shown_without_what_only_a_run_would_need() -> None:
    @click.command(cls=ToolkitCommand)
    @click.option("--count", type=int, required=True)
    def needy(count: int) -> None:
        click.echo(str(count))

    shown = CliRunner().invoke(needy, ["--show-settings"])
    assert shown.output.splitlines()[1].split() == ["count", "-", "required"]
    assert "flag" in CliRunner().invoke(needy, ["--show-settings", "--count", "3"]).output
    assert "Missing option '--count'" in CliRunner().invoke(needy, []).output


def test_lists_and_flags_come_from_pyproject_and_secrets_are_masked(tmp_path: Path) -> None:
    secrets = 'api-token = "hush"\nplace = "postgresql://h/d?password=hush"'
    shown = show(tmp_path, pyproject=f'category = ["unit", "e2e"]\ncoverage = true\n{secrets}')
    assert shown["category"] == ["unit,", "e2e", "pyproject.toml"]
    assert shown["coverage"] == ["true", "pyproject.toml"]
    assert shown["api-token"] == ["***", "pyproject.toml"]
    assert shown["place"] == ["postgresql://h/d?password=***", "pyproject.toml"]


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        ("shard = 3", "Did you mean 'shards'?"),
        ("line = 3", "Did you mean 'lines'?"),
        ("[tool.ci-toolkit.servces]", "Did you mean 'services'?"),
        ("shards = 0", "'shards' cannot be used"),
        ('shards = "many"', "'shards' cannot be used"),
        ("shards = [1]", "it is a list"),
        ("[tool.ci-toolkit.go]\nshard = 3", "Did you mean 'shards'?"),
        ("[tool.ci-toolkit.go]\nshards = 0", "[tool.ci-toolkit.go] 'shards' cannot be used"),
        ("shards = true", "a value, not true or false"),
        ('coverage = "yes"', "true or false"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_place(tmp_path: Path, pyproject: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        show(tmp_path, pyproject=pyproject)
    assert said in str(error.value)
    assert "pyproject.toml" in str(error.value)


def test_every_table_that_a_room_reads_is_known() -> None:
    read: set[object] = set()
    for path in Path("ci_toolkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read_section":
                read.update(arg.value for arg in node.args[1:] if isinstance(arg, ast.Constant))
    assert read <= TABLES


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_setting_does_not_stand_before_the_help(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit]\nshrads = 3\n")
    monkeypatch.chdir(tmp_path)
    assert main([name, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out
