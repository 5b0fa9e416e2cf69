"""Takes compose files into the table of services: reads them, maps their services, and says what is to be written."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ci_toolkit.adoption.change import Change
from ci_toolkit.adoption.compose.files import ComposeFileError, read_compose
from ci_toolkit.adoption.compose.rows import rows_of
from ci_toolkit.adoption.compose.service import Note
from ci_toolkit.adoption.errors import ServicesImportError
from ci_toolkit.adoption.services_table import table_lines, wanted_rows, with_rows
from ci_toolkit.config.project import read_pyproject
from ci_toolkit.errors import FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.services.catalog.settings import table_from

USUAL: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""What compose looks for, the first first; beside it, the same name with `.override` before its ending."""
_MOST_BYTES: Final = 1 << 20
_SETTINGS: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What becomes of compose files."""

    shown: str
    """The table as TOML, in which secrets are comments."""
    change: Change
    """What pyproject.toml is to be."""
    changed: tuple[str, ...]
    """Rows that were in pyproject.toml and would say something else."""
    taken: int
    services: int
    notes: tuple[Note, ...]
    """What is not taken, in the order of the files' lines."""


class ProjectFiles:
    """The plain files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def text(self, path: str) -> str | None:
        """Return the text of a file; None where it is outside, no plain file, no UTF-8 or larger than 1 MiB."""
        place = self._root / path
        try:
            if not place.parent.resolve().is_relative_to(self._root):
                return None
            with open_regular(place) as file:
                data = file.read(_MOST_BYTES + 1)
            return None if len(data) > _MOST_BYTES else data.decode()
        except (OSError, FormatError, ValueError):  # ValueError: no UTF-8, or a name that no file can have
            return None


def usual_files(folder: Path) -> list[Path]:
    """Return the files that compose takes in ``folder`` when it is given none."""
    first = next((folder / name for name in USUAL if (folder / name).is_file()), None)
    if first is None:
        raise ServicesImportError(
            f"{folder} holds none of {', '.join(USUAL)}",
            advice="Name the files: `ci-toolkit services import FILE`.",
        )
    beside = [first.with_name(f"{first.stem}.override{suffix}") for suffix in (".yaml", ".yml")]
    return [first, *(path for path in beside if path.is_file())]


def imported(root: Path, paths: Sequence[str], *, profiles: Sequence[str]) -> Imported:
    """Return what the compose files ``paths`` (relative to ``root``) are as the table of the project in ``root``.

    Raises ServicesImportError, AdoptionError where the table cannot be written, and ConfigurationError where it could
    not be used.
    """
    notes: list[Note] = []
    try:
        services = read_compose(ProjectFiles(root), [posixpath.normpath(path) for path in paths], notes.append)
    except ComposeFileError as error:
        raise ServicesImportError(
            f"{error.place} cannot be read: {error.reason}", advice="Repair the file; nothing was written."
        ) from error
    rows = rows_of(services, profiles=profiles, say=notes.append)
    told = tuple(sorted(dict.fromkeys(notes)))
    if not rows:
        reasons = "".join(f"\n    {note}" for note in told)
        raise ServicesImportError(
            f"nothing of {', '.join(paths)} can be a row of the table of services{reasons}",
            advice="Write the rows yourself; docs/services.md shows them.",
        )
    read_pyproject(root)
    before = (root / _SETTINGS).read_bytes().decode() if (root / _SETTINGS).is_file() else None
    wanted = wanted_rows(rows)
    table = with_rows(before or "", wanted, _SETTINGS)
    table_from(table.services, origin=f"the table of {', '.join(paths)}")
    return Imported(
        shown="\n".join(table_lines(wanted, shown=True)),
        change=Change(path=_SETTINGS, before=before, after=table.after, adds_only=table.adds_only),
        changed=table.changed,
        taken=len(rows),
        services=len(services),
        notes=told,
    )
