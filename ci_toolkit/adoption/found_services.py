"""Finds the servers that a project's settings, workflows and compose files start, as rows of the table of services."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ci_toolkit.adoption.compose.files import ComposeFileError, read_compose
from ci_toolkit.adoption.compose.known import store_kind, store_of
from ci_toolkit.adoption.compose.row import RowReader
from ci_toolkit.adoption.compose.service import ComposeService
from ci_toolkit.adoption.documents import table
from ci_toolkit.adoption.repository import FoundService
from ci_toolkit.adoption.tree import Tree
from ci_toolkit.adoption.yaml_document import YamlMapping
from ci_toolkit.adoption.yaml_files import compose_files, job_folders, read_yaml, workflow_files
from ci_toolkit.config.project import read_section
from ci_toolkit.services.catalog.settings import read_table

Say = Callable[[str], None]


def found_services(tree: Tree, folder: str, *, is_alone: bool, ours: str, note: Say) -> tuple[FoundService, ...]:
    """Return the data stores that the project in ``folder`` is tested with, one of each kind, sorted by name.

    A workflow is believed before a compose file, for it says what tests have. ``is_alone`` says that the repository
    has no other project; else what a file says of folders decides. ``ours`` is the workflow that is written here.
    ``note`` is told what could not be read.
    """
    found: dict[str, FoundService] = {}
    for read, paths in (
        (_of_workflow, [path for path in workflow_files(tree) if path != ours]),
        (_of_compose, compose_files(tree, folder)),
    ):
        for path in paths:
            try:
                services = list(read(tree, path, folder, is_alone=is_alone))
            except ValueError as error:
                note(f"{path} was not looked at: {error}")
                continue
            for service in services:
                if kind := store_kind(service):
                    found.setdefault(kind, store_of(service, kind))
    return tuple(sorted(found.values(), key=lambda service: service.name))


def services_of_settings(root: Path) -> tuple[FoundService, ...]:
    """Return the data stores of the project in ``root``, where its settings have a table of services; else none.

    Raises ConfigurationError for a table that cannot be used.
    """
    if not read_section(root, "services")[0]:
        return ()
    stores = [row for row in read_table(root).services if row.protocol.is_data_store]
    return tuple(
        FoundService(name=row.name, image=row.image, where="pyproject.toml")
        for row in sorted(stores, key=lambda row: row.name)
    )


def _of_workflow(tree: Tree, path: str, folder: str, *, is_alone: bool) -> Iterator[ComposeService]:
    document = read_yaml(tree, path)
    reader = RowReader(path=path, home="", values={}, variables_of=lambda _: None, say=lambda _: None)
    for job in table(document, "jobs").values():
        if is_alone or folder in job_folders(document, job):
            for name, row in table(job, "services").items():
                if isinstance(row, YamlMapping):
                    yield reader.read(name, _as_compose(row))


def _as_compose(row: YamlMapping) -> YamlMapping:
    """Return a service of a job as compose writes it: variables have another name there."""
    if "env" in row:
        row["environment"], row.spots["environment"] = row["env"], row.spots["env"]
    return row


def _of_compose(tree: Tree, path: str, folder: str, *, is_alone: bool) -> Iterator[ComposeService]:
    try:
        services = read_compose(tree, [path], lambda _: None)
    except ComposeFileError as error:
        raise ValueError(f"line {error.place.line}: {error.reason}" if error.place.line else error.reason) from error
    users = [service for service in services if service.build and service.build.value == folder]
    needed = {name for service in users for name in service.depends_on}
    yield from (service for service in services if is_alone or not users or service.name in needed)
