import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ci_toolkit
from ci_toolkit.cli.main import main
from ci_toolkit.errors import ExitCode, ToolkitError
from ci_toolkit.model.problem import ProblemKind
from ci_toolkit.model.verdict import Gate

PAGE = (Path(__file__).parents[3] / "docs" / "errors.md").read_text()
ENTRIES = dict(re.findall(r"^### (\S+)\n\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL))
LEAST_WORDS = 12


def every_kind() -> list[type[ToolkitError]]:
    for module in pkgutil.walk_packages(ci_toolkit.__path__, "ci_toolkit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [ToolkitError, *sorted(kinds_below(ToolkitError), key=lambda kind: kind.__qualname__)]


def kinds_below(kind: type[ToolkitError]) -> Iterator[type[ToolkitError]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("ci_toolkit."):
            yield below
            yield from kinds_below(below)


def test_every_error_class_has_a_name_of_its_own() -> None:
    names = [kind.slug for kind in every_kind()]
    assert sorted(names) == sorted(set(names))


def test_every_error_class_has_an_entry_with_its_exit_code() -> None:
    for kind in every_kind():
        assert kind.slug in ENTRIES, f"docs/errors.md has no entry '### {kind.slug}' for {kind.__qualname__}"
        assert f"*Exit code {int(kind.exit_code)}" in ENTRIES[kind.slug], kind.slug


def test_the_message_of_every_error_class_names_its_entry() -> None:
    for kind in every_kind():
        shown = kind("what happened", advice="What to do.").explained
        assert shown == f"[{kind.slug}]: what happened\n  What to do.\n  See docs/errors.md#{kind.slug}"


def test_the_program_prints_the_name_and_the_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lint", "nowhere"]) == ExitCode.USAGE
    assert "error [lint-path]: nowhere does not exist" in (told := capsys.readouterr().err)
    assert "See docs/errors.md#lint-path" in told


def test_every_kind_of_problem_has_an_entry() -> None:
    for kind in ProblemKind:
        assert kind in ENTRIES, f"docs/errors.md has no entry '### {kind}'"


def test_every_gate_of_a_verdict_has_an_entry() -> None:
    for gate in Gate:
        assert gate in ENTRIES, f"docs/errors.md has no entry '### {gate}'"


def test_every_entry_is_of_something_that_there_is() -> None:
    of_the_operating_system = {"file"}
    assert set(ENTRIES) == {kind.slug for kind in every_kind()} | set(Gate) | set(ProblemKind) | of_the_operating_system


def test_every_entry_says_more_than_its_name() -> None:
    for name, text in ENTRIES.items():
        assert len(text.split()) >= LEAST_WORDS, name
