"""Finds the suite's files as pytest would, without importing a test module."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_toolkit.errors import InfrastructureError, ToolkitError
from ci_toolkit.model.category import Categories
from ci_toolkit.model.record import encode, restore_surrogates
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.model.task import AboutSuite, CollectedSuite, CollectTask, FindTask, FoundFiles
from ci_toolkit.suite.anchors import AnchorReader
from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.lent_fixtures import passed_on
from ci_toolkit.suite.links import LinkReader, groups_of
from ci_toolkit.suite.mentions import MentionReader
from ci_toolkit.suite.module_names import namesakes
from ci_toolkit.suite.task_variable import VARIABLE

FIND_SECONDS = 600.0
_PYTEST_USAGE = 4
_FILES_THAT_CANNOT_BE_IMPORTED = 1
_ANSWERED = (0, 5, _FILES_THAT_CANNOT_BE_IMPORTED)
R = TypeVar("R", FoundFiles, CollectedSuite)


class DiscoveryError(ToolkitError):
    """pytest itself could not walk the suite: a bad option, a broken conftest."""

    slug = "discovery"


def pytest_command() -> list[str]:
    """Return the command that runs pytest as ``pytest`` does: without the current folder on ``sys.path``.

    It names our plugin, for a suite may switch off that pytest loads what is installed.
    """
    return [sys.executable, "-P", "-m", "pytest", "-p", "ci-toolkit"]


def find_suite(
    root: Path,
    arguments: Sequence[str] = (),
    pytest_args: Sequence[str] = (),
    *,
    categories: Categories | None = None,
    read_mentions: bool = False,
    seconds: float | None = None,
) -> Suite:
    """Return every file that ``pytest ARGUMENTS`` run in ``root`` would collect, in its order.

    conftest files are imported, test modules are not: they are read for the names of their tests, and with
    ``read_mentions`` for the categories that they speak of. Raises DiscoveryError with pytest's own words if it fails.
    """
    categories = categories or Categories()
    mentions = _mentions(categories, is_wanted=read_mentions)
    found = _ask_pytest(root, [*pytest_args, *arguments], FindTask, FoundFiles, categories, seconds)
    found_root = Path(restore_surrogates(found.about.root))
    reader = AnchorReader(found.function_patterns, found.class_patterns)
    places = dict(found.places)
    files = []
    for path in found.paths:
        file = found_root / restore_surrogates(places.get(path, path))
        anchors = reader.read(file)
        files.append(
            SuiteFile(
                path=path,
                place=places.get(path, ""),
                category=categories.of_path(path),
                mentions=mentions(file),
                anchors=anchors.names,
                groups=anchors.groups,
            )
        )
    return _suite(root, found_root, arguments, files, found.about)


def collect_suite(
    root: Path,
    arguments: Sequence[str] = (),
    pytest_args: Sequence[str] = (),
    *,
    categories: Categories | None = None,
    read_mentions: bool = False,
    seconds: float | None = None,
) -> Suite:
    """Return the same as ``find_suite`` from a full collection: the anchors are all the tests that there are.

    Every file is imported. One that cannot be stands without tests; its shard will say why.
    """
    categories = categories or Categories()
    mentions = _mentions(categories, is_wanted=read_mentions)
    found = _ask_pytest(
        root,
        ["--continue-on-collection-errors", *pytest_args, *arguments],
        CollectTask,
        CollectedSuite,
        categories,
        seconds,
    )
    found_root = Path(restore_surrogates(found.about.root))
    files = tuple(
        SuiteFile(
            path=file.path,
            place=file.place,
            category=categories.of_path(file.path),
            mentions=mentions(found_root / restore_surrogates(file.place or file.path)),
            anchors=file.suffixes,
            critical=file.critical,
            groups=file.groups,
        )
        for file in found.files
    )
    return _suite(root, found_root, arguments, files, found.about)


def _with_links(files: Sequence[SuiteFile], root: Path, about: AboutSuite) -> list[SuiteFile]:
    reader = LinkReader(about.linking, about.step_marks)
    lies = {file.path: root / restore_surrogates(file.place or file.path) for file in files}
    links = {path: link for path, file in lies.items() if (link := reader.read(file)) is not None}
    pairs = [*passed_on(lies), *(namesakes(lies) if about.imports_by_name else ())]
    groups = groups_of(links, lies.keys(), pairs) if links or pairs else {}
    return [
        msgspec.structs.replace(file, together=groups[file.path]) if file.path in groups else file for file in files
    ]


def _mentions(categories: Categories, *, is_wanted: bool) -> Callable[[Path], tuple[str, ...]]:
    return MentionReader(categories).read if is_wanted else lambda _: ()


def _suite(
    root: Path,
    found_root: Path,
    arguments: Sequence[str],
    files: Sequence[SuiteFile],
    about: AboutSuite,
) -> Suite:
    return Suite(
        root=os.path.relpath(found_root, root.resolve()),
        arguments=tuple(arguments),
        files=tuple(_with_links(files, found_root, about)),
        skipped_folders=about.skipped_folders,
        commit=commit_of(root),
        of_last_run=about.of_last_run,
    )


def _ask_pytest(
    root: Path,
    arguments: Sequence[str],
    question: type[FindTask] | type[CollectTask],
    answer_kind: type[R],
    categories: Categories,
    seconds: float | None,
) -> R:
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-find-") as folder:
        answer = Path(folder) / "found.json"
        task_file = Path(folder) / "task.json"
        task = question(
            out=str(answer),
            parts=f"{folder}/parts",
            critical_folders=categories.critical_folders,
            categories=categories.every,
        )
        task_file.write_bytes(encode(task))
        command = [*pytest_command(), "--collect-only", "-o", f"cache_dir={folder}/cache", *arguments]
        limit = FIND_SECONDS if seconds is None else max(0.0, seconds)
        try:
            done = subprocess.run(
                command,
                cwd=root,
                env={**os.environ, VARIABLE: str(task_file)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DiscoveryError(
                f"pytest did not find the suite in {root} within {limit:.1f} s",
                advice="See what a conftest file does at its import, or give a larger budget.",
            ) from error
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode < 0:
            raise InfrastructureError(
                f"pytest was killed by signal {-done.returncode} while it listed the tests in {root}:\n{_tail(output)}",
                advice="Run the command again; if memory ran out, give the machine more.",
            )
        data = answer.read_bytes() if answer.exists() else None
        if not data:  # what comes after the whole listing, such as an exit status that a conftest sets, changes nothing
            raise _no_answer(root, done.returncode, output, has_begun=data is not None)
        found = msgspec.json.decode(data, type=answer_kind)
        _refuse_unseen(found.about, output)
        return found


def _no_answer(root: Path, status: int, output: str, *, has_begun: bool) -> DiscoveryError:
    said = f":\n{_tail(output)}" if output.strip() else ", and said nothing"
    if status not in _ANSWERED:
        return DiscoveryError(
            f"pytest could not find the suite in {root} (exit status {status}){said}",
            advice="Run `pytest --collect-only` with the same arguments to see all of it.",
        )
    if has_begun:
        return DiscoveryError(
            f"pytest ended in {root} (exit status {status}) before the tests were listed{said}",
            advice="Mend the plugin or the conftest that ends it; `pytest --collect-only` with the same arguments "
            "shows all of it.",
        )
    return DiscoveryError(
        f"pytest ran in {root} without ci-toolkit's plugin, so the suite is unknown{said}",
        advice="Remove `-p no:ci-toolkit`, or mend what pytest says above.",
    )


def _refuse_unseen(about: AboutSuite, output: str) -> None:
    """Raise DiscoveryError where a part of the suite is out of sight: no shard would ever run it."""
    if about.broken_folders:
        folders = ", ".join(about.broken_folders)
        raise DiscoveryError(
            f"what is in {folders} is unknown, for it cannot be collected:\n{_tail(output)}",
            advice="Mend its conftest.py or __init__.py, or leave the folder out with `--ignore`.",
        )
    if about.ignored_critical:
        raise DiscoveryError(
            f"mission-critical tests always run, and pytest is told to leave out {', '.join(about.ignored_critical)}",
            advice="See `--ignore`, and `collect_ignore` and `pytest.skip` in conftest files; or move what is not "
            "critical elsewhere.",
        )


def _tail(output: str, lines: int = 30) -> str:
    return "\n".join(f"    {line}" for line in output.rstrip().splitlines()[-lines:])
