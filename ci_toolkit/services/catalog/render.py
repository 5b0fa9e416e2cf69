"""Renders compose files and the workflow's ``services:`` block from the table, and finds where files differ from it."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog import images
from ci_toolkit.services.catalog.compose import Node, compose_text, health, yaml_lines
from ci_toolkit.services.catalog.table import Service, ServiceEnvironment, Table

_BEGIN: Final = re.compile(r"^( *)# ci-toolkit services: begin (\S+)(?: (\S+))?\s*$")
_OF_THE_LEG: Final = "matrix.services"
"""Where the matrix of `ci-toolkit plan` says which services a job needs."""
_END: Final = "# ci-toolkit services: end"


class RenderedFile(Record, frozen=True, kw_only=True):
    """A file as the table wants it."""

    path: str
    """Relative to the project's root."""
    text: str


class Drift(Record, frozen=True, kw_only=True):
    """The first line of a file that is not as the table wants it."""

    path: str
    line: int
    found: str | None
    """None where the file or the line is missing."""
    wanted: str | None
    """None where the line should not be there."""

    def describe(self) -> str:
        """Return ``path:line: what is there, what the table says``."""
        found = "nothing" if self.found is None else repr(self.found.strip())
        wanted = "nothing" if self.wanted is None else repr(self.wanted.strip())
        return f"{self.path}:{self.line}: holds {found}, the table says {wanted}"


def rendered(table: Table, root: Path) -> tuple[RenderedFile, ...]:
    """Return every file that is made from the table: the compose files, and the workflows that carry a block."""
    composes = tuple(
        RenderedFile(path=f"compose/{environment}.yml", text=compose_text(table, environment))
        for environment in ServiceEnvironment
    )
    return composes + tuple(_rendered_workflows(table, root))


def drifts(files: Iterable[RenderedFile], root: Path) -> tuple[Drift, ...]:
    """Return the first difference of each file under ``root`` that is not as rendered."""
    found = []
    for file in files:
        path = root / file.path
        present = path.read_text(encoding="utf-8") if path.is_file() else ""
        drift = _first_difference(file.path, present.splitlines(), file.text.splitlines())
        if drift is not None:
            found.append(drift)
    return tuple(found)


def workflow_lines(
    table: Table, environment: ServiceEnvironment, indent: str, *, only_needed: bool = False
) -> list[str]:
    """Return the ``services:`` block of a GitHub Actions job, indented by ``indent``.

    With ``only_needed`` a job of the matrix starts what its tests need: a service whose image is empty is not started.
    """
    rows = [row for row in table.services if row.image and row.protocol.has_port and not row.plugin]  # a worker's own
    services = {row.name: _workflow_service(row, environment) for row in rows}
    if only_needed:
        services = {
            name: {**service, "image": _if_needed(name, service["image"])} for name, service in services.items()
        }
    return [indent + line for line in yaml_lines({"services": services})]


def _workflow_service(row: Service, environment: ServiceEnvironment) -> Node:
    service: dict[str, object] = {
        "image": row.image_for(environment),
        "ports": [f"{row.port(environment)}:{row.container_port or row.port(environment)}"],
    }
    if images.variables(row):
        service["env"] = images.variables(row)
    if row.protocol in images.DATA_FOLDER:
        service["options"] = f'--health-cmd "{health(row, environment)}" --health-interval 1s --health-retries 60'
    return service


def _if_needed(name: str, image: object) -> str:
    quoted = str(image).replace("'", "''")  # as an expression writes a quote
    return f"${{{{ contains({_OF_THE_LEG}, '{name}') && '{quoted}' || '' }}}}"


def _rendered_workflows(table: Table, root: Path) -> Iterable[RenderedFile]:
    for path in sorted((root / ".github" / "workflows").glob("*.y*ml")):
        text = path.read_text(encoding="utf-8")
        if _END in text:
            name = path.relative_to(root).as_posix()
            yield RenderedFile(path=name, text="\n".join(_filled(table, text.splitlines(), name)) + "\n")


def _filled(table: Table, lines: Sequence[str], name: str) -> Iterable[str]:
    """Yield ``lines`` with what stands between each pair of markers made anew."""
    inside = 0
    for number, line in enumerate(lines, start=1):
        begin = _BEGIN.match(line)
        if begin:
            if inside:
                raise ConfigurationError(f"{name}:{number}: a second 'begin' before '{_END}'")
            inside = number
            yield line
            where = f"{name}:{number}"
            only_needed = _only_needed(begin[3], where)
            yield from workflow_lines(table, _environment(begin[2], where), begin[1], only_needed=only_needed)
        elif line.strip() == _END:
            inside = 0
            yield line
        elif not inside:
            yield line
    if inside:
        raise ConfigurationError(f"{name}:{inside}: 'begin' without '{_END}'")


def _only_needed(word: str | None, where: str) -> bool:
    if word not in {None, _OF_THE_LEG}:
        raise ConfigurationError(
            f"{where}: '{word}' says nothing of which services a job needs",
            advice=f"Write {_OF_THE_LEG}, or nothing for all of them.",
        )
    return word is not None


def _environment(word: str, where: str) -> ServiceEnvironment:
    if word not in set(ServiceEnvironment):
        raise ConfigurationError(
            f"{where}: no environment '{word}'", advice=f"Use one of: {', '.join(ServiceEnvironment)}."
        )
    return ServiceEnvironment(word)


def _first_difference(path: str, found: Sequence[str], wanted: Sequence[str]) -> Drift | None:
    for number, (have, want) in enumerate(zip_longest(found, wanted), start=1):
        if have != want:
            return Drift(path=path, line=number, found=have, wanted=want)
    return None
