"""What the facts of a machine mean to a project: pure, so that each rule is a row of a test."""

from collections.abc import Iterator, Mapping
from typing import Final

from ci_toolkit.errors import ExitCode
from ci_toolkit.model.diagnosis import Finding, Mark
from ci_toolkit.model.wording import number_of
from ci_toolkit.services.outlook import Outlook
from ci_toolkit.workflow.doctor.facts import FolderFacts, GitFacts, HistoryFacts, SuiteFacts
from ci_toolkit.workflow.doctor.wishes import Trouble, Wishes

_OLDEST_GIT: Final = (2, 29)
"""Fetches a branch without writing FETCH_HEAD, which another job of the machine may read."""
_LITTLE_MIB: Final = 100
_USES: Final = {
    "coverage": "coverage and its thresholds",
    "xdist": "run --parallel and --workers",
    "split": "plan --algorithm of pytest-split",
    "services": "real services",
    "framework": "the fixtures of the test framework",
    "github": "ci-toolkit github check",
    "nox": "nox and tox sessions",
}
"""Extra to what it is for; the extras that only gather others are left out."""
_TAIL: Final = 3
"""Lines of pytest's own words that are shown of a suite that cannot be listed."""


def of_settings(place: str, troubles: tuple[Trouble, ...]) -> Iterator[Finding]:
    """Say what of the settings in ``place`` cannot be used."""
    if not troubles:
        yield Finding(name="settings", mark=Mark.OK, told=place)
    for trouble in troubles:
        yield _wrong("settings", trouble)


def of_git(facts: GitFacts, wishes: Wishes) -> Finding:
    """Judge git: a history on a branch needs it, and says so itself where it is no checkout; the rest does without."""
    number = ".".join(map(str, facts.version))
    mark = Mark.WRONG if wishes.history.startswith("git:") else Mark.OPTIONAL
    if not facts.version:
        told = f"git does not work: {facts.failure}" if facts.failure else "there is no git"
        advice = "Install git, or mend it: without it no plan and no bundle says which commit it is of."
    elif facts.version < _OLDEST_GIT:
        told, advice = f"git {number}", f"A history on a branch needs git {'.'.join(map(str, _OLDEST_GIT))} or later."
    elif facts.failure:
        mark, told = Mark.OPTIONAL, f"git {number}, and no commit here: {facts.failure}"
        advice = "In a checkout, each plan and bundle says which commit it is of."
    else:
        depth = ", a shallow checkout" if facts.is_shallow else ""
        return Finding(name="git", mark=Mark.OK, told=f"{number}, commit {facts.commit[:12]}{depth}")
    return Finding(name="git", mark=mark, told=told, advice=advice, exit_code=_code(mark, ExitCode.USAGE))


def of_suite(facts: SuiteFacts) -> Finding:
    """Judge what pytest finds."""
    if facts.trouble is not None:
        first, *tail = facts.trouble.message.splitlines()
        told = "\n".join([first, *tail[-_TAIL:]])
        return Finding(
            name="tests",
            mark=Mark.WRONG,
            told=told,
            advice=facts.trouble.advice,
            exit_code=facts.trouble.exit_code,
        )
    count = sum(number for _, number in facts.files_by_category)
    if not count:
        return Finding(
            name="tests",
            mark=Mark.WRONG,
            told="there is no test file that the settings select",
            advice="Say where the tests are: testpaths under [tool.pytest.ini_options].",
            exit_code=int(ExitCode.NOTHING_TO_RUN),
        )
    parts = ", ".join(f"{number} {name or 'of no category'}" for name, number in facts.files_by_category)
    return Finding(name="tests", mark=Mark.OK, told=f"{number_of(count, 'test file')}: {parts}")


def of_folders(folders: tuple[FolderFacts, ...], *, name: str = "folders") -> Finding:
    """Judge the folders that runs write to, or sessions of services."""
    for folder in folders:
        if not folder.is_writable:
            told, advice = f"{folder.path} may not be written to", "Change its permissions, or choose another folder."
        elif folder.free_mib < _LITTLE_MIB:
            told, advice = f"{folder.path}: {folder.free_mib} MiB are free", "Make room on the disk."
        else:
            continue
        return Finding(name=name, mark=Mark.WRONG, told=told, advice=advice, exit_code=int(ExitCode.INFRASTRUCTURE))
    least = min(folder.free_mib for folder in folders)
    told = f"{', '.join(folder.path for folder in folders)} ({least} MiB free)"
    return Finding(name=name, mark=Mark.OK, told=told)


def of_history(facts: HistoryFacts | None) -> Finding:
    """Judge the history; None is none."""
    if facts is None:
        return Finding(name="history", mark=Mark.OPTIONAL, told="the settings keep none (no-history)")
    if facts.trouble is not None:
        return _wrong("history", facts.trouble)
    if facts.file_runs is None:
        return Finding(name="history", mark=Mark.OK, told=f"{facts.origin}: nothing yet; the first run begins it")
    return Finding(name="history", mark=Mark.OK, told=f"{facts.origin}: {number_of(facts.file_runs, 'run')} of files")


def of_extras(packages: Mapping[str, Mapping[str, str]], wishes: Wishes) -> Iterator[Finding]:
    """Judge each extra of ci-toolkit by its packages."""
    asked = dict(wishes.extras)
    for extra, use in _USES.items():
        missing = sorted(name for name, number in packages.get(extra, {}).items() if not number)
        if not missing:
            told = ", ".join(f"{name} {number}" for name, number in sorted(packages.get(extra, {}).items()))
            if told:
                yield Finding(name=extra, mark=Mark.OK, told=told)
            continue
        mark = Mark.WRONG if extra in asked else Mark.OPTIONAL
        verb = "is" if len(missing) == 1 else "are"
        yield Finding(
            name=extra,
            mark=mark,
            told=f"{', '.join(missing)} {verb} not installed, for {asked.get(extra) or use}",
            advice=f"pip install 'ci-toolkit[{extra}]'",
            exit_code=_code(mark, ExitCode.USAGE),
        )


def of_services(outlooks: tuple[Outlook, ...], asked: frozenset[str], engine_failure: str) -> Iterator[Finding]:
    """Judge each service of the table by who would run it; what the engine lacks was said once."""
    for outlook in outlooks:
        mark = Mark.OK if outlook.provider else Mark.WRONG if outlook.name in asked else Mark.OPTIONAL
        yield Finding(
            name=outlook.name,
            mark=mark,
            told=outlook.told.replace(engine_failure, "see 'docker' above") if engine_failure else outlook.told,
            advice=outlook.advice,
            exit_code=_code(mark, ExitCode.INFRASTRUCTURE),
        )


def of_engine(version: str, failure: str, wishes: Wishes) -> Finding:
    """Judge the Docker engine; each service says by itself whether it needs one."""
    if version:
        return Finding(name="docker", mark=Mark.OK, told=f"engine {version}")
    mark = Mark.WRONG if wishes.provider == "docker" else Mark.OPTIONAL
    told, _, advice = failure.partition("\n")
    return Finding(name="docker", mark=mark, told=told, advice=advice, exit_code=_code(mark, ExitCode.INFRASTRUCTURE))


def of_llm(missing: list[str], wishes: Wishes) -> Finding:
    """Judge the real language model by the variables that are not set."""
    if not missing:
        return Finding(name="real-llm", mark=Mark.OK, told="the variables of a language model are set")
    mark = Mark.WRONG if wishes.real_llm else Mark.OPTIONAL
    return Finding(
        name="real-llm",
        mark=mark,
        told=f"{' and '.join(missing)} not set, for tests with a real language model",
        advice="Set them in the environment of the run.",
        exit_code=_code(mark, ExitCode.FAILED),
    )


def of_browser(*, is_there: bool) -> Finding:
    """Say where `ci-toolkit open` shows a report."""
    if is_there:
        return Finding(name="browser", mark=Mark.OK, told="`ci-toolkit open` shows the report")
    told = "no screen and no BROWSER: `ci-toolkit open` only prints where the report is"
    return Finding(name="browser", mark=Mark.OPTIONAL, told=told, advice="Copy the report, or set BROWSER.")


def _wrong(name: str, trouble: Trouble) -> Finding:
    return Finding(name=name, mark=Mark.WRONG, told=trouble.message, advice=trouble.advice, exit_code=trouble.exit_code)


def _code(mark: Mark, code: ExitCode) -> int:
    return int(code) if mark is Mark.WRONG else 0
