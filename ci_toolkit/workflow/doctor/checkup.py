"""``ci-toolkit doctor``: looks at everything that a run may need here, and judges it by what the settings ask for."""

import platform
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from ci_toolkit import __version__
from ci_toolkit.config.project import project_root, read_section
from ci_toolkit.errors import InfrastructureError
from ci_toolkit.masking import without_secrets
from ci_toolkit.model.category import USUAL_SERVICES
from ci_toolkit.model.diagnosis import Diagnosis, Finding, Mark, diagnosis_of
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment, Table
from ci_toolkit.services.outlook import Outlook, engine_told, folders_of_sessions, outlook_of
from ci_toolkit.test_framework.llm_settings import API_KEY, MODEL
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.doctor import findings
from ci_toolkit.workflow.doctor.facts import (
    SuiteFacts,
    folder_facts,
    git_facts,
    history_facts,
    packages_of_extras,
    pytest_plugins,
    suite_facts,
)
from ci_toolkit.workflow.doctor.wishes import Trouble, Wishes
from ci_toolkit.workflow.reports import has_browser


def diagnose(wishes: Wishes, troubles: tuple[Trouble, ...], folder: Path, environment: Mapping[str, str]) -> Diagnosis:
    """Return what is here, and what is missing, of what a run in ``folder`` needs.

    Where the settings cannot be used (``troubles``), only what does not depend on them is looked at. Nothing is
    started, and no secret is in what is returned.
    """
    root = project_root(folder)
    git = git_facts(folder)
    found = [_ourselves(), *findings.of_settings(_place(root), troubles), findings.of_git(git, wishes)]
    if not troubles:
        found += _of_the_rest(wishes, root, folder, environment, has_git=bool(git.version))
    return diagnosis_of(tuple(map(_masked, found)))


def _ourselves() -> Finding:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return Finding(name="ci-toolkit", mark=Mark.OK, told=f"{__version__}, {python} ({sys.executable})")


def _place(root: Path) -> str:
    path = root / "pyproject.toml"
    return str(path) if path.is_file() else f"none: there is no {path}, so everything is as it is by default"


def _of_the_rest(
    wishes: Wishes, root: Path, folder: Path, environment: Mapping[str, str], *, has_git: bool
) -> Iterator[Finding]:
    table = read_table(root)
    names = [row.name for row in table.services if row.command or row.name in table.startable()]
    with ThreadPoolExecutor() as threads:  # an engine, a remote and a suite each make one wait
        engine = threads.submit(engine_told)
        history = threads.submit(history_facts, wishes.history, has_git=has_git) if wishes.history else None
        outlooks = [threads.submit(_outlook, wishes, table, name, root) for name in names]
        selection = select_categories(root, mode=wishes.mode, categories=wishes.categories)
        suite = suite_facts(folder, selection)
        asked = _asked_services(wishes, suite, table, root)
        yield findings.of_suite(suite)
        yield from _plugins()
        yield findings.of_folders(tuple(folder_facts(folder / name) for name in wishes.outputs))
        yield findings.of_history(history.result() if history else None)
        yield from findings.of_extras(packages_of_extras(), _with_clients(wishes, asked))
        version, failure = engine.result()
        yield findings.of_engine(version, failure, wishes)
        yield from findings.of_services(tuple(outlook.result() for outlook in outlooks), asked, failure)
        if asked:
            yield _of_sessions()
    yield findings.of_llm([name for name in (API_KEY, MODEL) if not environment.get(name)], wishes)
    yield findings.of_browser(is_there=has_browser(environment))


def _plugins() -> Iterator[Finding]:
    if plugins := pytest_plugins():
        yield Finding(name="plugins", mark=Mark.OK, told=", ".join(plugins))


def _outlook(wishes: Wishes, table: Table, name: str, root: Path) -> Outlook:
    return outlook_of(
        table.service(name),
        ServiceEnvironment.TEST_ALPINE if wishes.alpine else ServiceEnvironment.TEST,
        Provider(wishes.provider) if wishes.provider else None,
        root,
        dynamic_ports=wishes.dynamic_ports,
    )


def _asked_services(wishes: Wishes, suite: SuiteFacts, table: Table, root: Path) -> frozenset[str]:
    """Return the services that the settings ask for: with real-services what the tests need; what a project adds."""
    written, _ = read_section(root, "services")
    asked = {name for name, row in written.items() if row is not False}
    if wishes.real_services:
        asked |= set(suite.services or USUAL_SERVICES) & set(table.startable())
    return frozenset(asked)


def _with_clients(wishes: Wishes, asked: frozenset[str]) -> Wishes:
    if not asked:
        return wishes
    extras = (*wishes.extras, ("services", f"the services that the settings ask for: {', '.join(sorted(asked))}"))
    return msgspec.structs.replace(wishes, extras=extras)


def _of_sessions() -> Finding:
    try:
        folders = folders_of_sessions()
    except InfrastructureError as error:
        return Finding(
            name="sessions",
            mark=Mark.WRONG,
            told=error.message,
            advice=error.advice,
            exit_code=int(error.exit_code),
        )
    return findings.of_folders(tuple(map(folder_facts, folders)), name="sessions")


def _masked(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, told=without_secrets(finding.told), advice=without_secrets(finding.advice))
