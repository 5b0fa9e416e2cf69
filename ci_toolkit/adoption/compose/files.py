"""Reads compose files together: one after the other, with what they include, and what their services extend."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ci_toolkit.adoption.compose.interpolation import variables_in
from ci_toolkit.adoption.compose.row import RowReader
from ci_toolkit.adoption.compose.service import ComposeService, Note, Place, Say, inside, merged
from ci_toolkit.adoption.documents import table, text_of
from ci_toolkit.adoption.yaml_document import YamlError, YamlList, YamlMapping, load

_DEEPEST: Final = 20
"""How many services may extend each other in a row, and files include each other."""
_LARGEST: Final = 100_000
"""Entries of all services together: a few lines can ask for billions."""
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
_SILENT: Final = frozenset({"services", "include", "version", "name", "networks", "volumes", "configs", "secrets"})
"""Keys of a file that say nothing by themselves: a service that uses one says so."""


class Files(Protocol):
    """Where files are read from."""

    def text(self, path: str) -> str | None:
        """Return the text of a file, by its path from the root; None where it is no plain file of UTF-8 to read."""
        ...


class ComposeFileError(ValueError):
    """A compose file cannot be read: its place, and the reason."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason

    @property
    def told(self) -> str:
        """The reason, with the line of a file that is there; a name that is no file's may be anything."""
        return str(self) if self.place.line else self.reason


def read_compose(files: Files, paths: Sequence[str], say: Say) -> tuple[ComposeService, ...]:
    """Return the services of ``paths``, a later one over an earlier one, in the order in which they first appear.

    ``say`` is told what could not be understood. Raises ComposeFileError for a path that cannot be read.
    """
    home = posixpath.dirname(paths[0]) if paths else ""
    values = _dotenv(files, home, {})
    reader = _Reader(files=files, say=say)
    for path in paths:
        reader.take(path, home, values, depth=0)
    return tuple(reader.services.values())


def _dotenv(files: Files, home: str, known: Mapping[str, str]) -> dict[str, str]:
    text = files.text(posixpath.join(home, ".env"))
    return {**(variables_in(text, known) if text else {}), **known}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The services of a document, as they are written."""

    rows: Mapping[str, YamlMapping]
    lines: Mapping[str, int]
    """Where the names of its services stand."""
    reader: RowReader


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Gathers services."""

    files: Files
    say: Say
    services: dict[str, ComposeService] = field(default_factory=dict)
    _others: dict[str, _File] = field(default_factory=dict)
    _done: dict[tuple[str, str], ComposeService] = field(default_factory=dict)
    _room: int = _LARGEST

    def _note(self, place: Place, what: str, why: str) -> None:
        self._take_note(Note(place=place, what=what, why=why))

    def _take_note(self, note: Note) -> None:
        self._spend(1, note.place)
        self.say(note)

    def _spend(self, size: int, place: Place) -> None:
        self._room -= size
        if self._room < 0:
            raise ComposeFileError(place, f"what its aliases and `extends` copy is more than {_LARGEST} entries")

    def take(self, path: str, home: str, values: Mapping[str, str], *, depth: int) -> None:
        """Take the services of a file over those that are there. Raises ComposeFileError."""
        document = _document(self.files, path)
        self._include(document, path, home, values, depth)
        for key, spot in document.spots.items():
            if key not in _SILENT and not key.startswith("x-"):
                self._note(Place(path, spot.line), key, "compose has no such key")
        file = self._file(path, home, values, document)
        for name in file.rows:
            service = self._extended(file, name, ())
            known = self.services.get(name)
            self.services[name] = merged(known, service) if known else service

    def _include(self, document: YamlMapping, path: str, home: str, values: Mapping[str, str], depth: int) -> None:
        value = document.get("include")
        for entry, spot in zip(value, value.spots, strict=True) if isinstance(value, YamlList) else ():
            place = Place(path, spot.line)
            told = table(entry).get("path") if isinstance(entry, Mapping) else entry
            names = [text_of(each) for each in told] if isinstance(told, list) else [text_of(told)]
            for name in names:
                found = inside(home, name) if name else None
                if found is None or depth == _DEEPEST:
                    self._note(place, "include", "it names no file of this project, or itself")
                    continue
                there = posixpath.dirname(found)
                try:
                    self.take(found, there, _dotenv(self.files, there, values), depth=depth + 1)
                except ComposeFileError as error:
                    self._note(place, "include", error.told)

    def _file(self, path: str, home: str, values: Mapping[str, str], document: YamlMapping) -> _File:
        services = document.get("services")
        lines = {name: spot.line for name, spot in services.spots.items()} if isinstance(services, YamlMapping) else {}
        rows = {}
        for name, line in lines.items():
            row = table(services).get(name)
            if not _NAME.fullmatch(name):
                self._note(Place(path, line), "services", "no service can be called so")
            elif isinstance(row, YamlMapping):
                rows[name] = row
            else:
                self._note(Place(path, line), name, "it is no mapping")
        reader = RowReader(path=path, home=home, values=values, variables_of=self._variables, say=self._take_note)
        return _File(rows=rows, lines=lines, reader=reader)

    def _variables(self, path: str) -> Mapping[str, str] | None:
        text = self.files.text(path)
        return None if text is None else variables_in(text, {})

    def _extended(self, file: _File, name: str, trail: tuple[tuple[str, str], ...]) -> ComposeService:
        """Return a service of ``file`` with what it extends; each is read once."""
        key = (file.reader.path, name)
        if key not in self._done:
            row = file.rows[name]
            place = Place(file.reader.path, file.lines[name])
            service = file.reader.read(name, row, place.line)
            base = self._base(file, row, (*trail, key), place)
            self._done[key] = merged(base, service) if base else service
            self._spend(self._done[key].size, place)
        return self._done[key]

    def _base(
        self, file: _File, row: YamlMapping, trail: tuple[tuple[str, str], ...], place: Place
    ) -> ComposeService | None:
        told = row.get("extends")
        if told is None:
            return None
        place = Place(place.path, row.spots["extends"].line)
        name = text_of(table(told).get("service")) or text_of(told)
        other = self._other_file(file, text_of(table(told).get("file")), place)
        if other is None:
            return None
        if name not in other.rows or (other.reader.path, name) in trail or len(trail) > _DEEPEST:
            why = "no such service is there" if name not in other.rows else "services extend each other without end"
            self._note(place, f"{trail[-1][1]}: extends", why)
            return None
        return self._extended(other, name, trail)

    def _other_file(self, file: _File, name: str, place: Place) -> _File | None:
        if not name:
            return file
        path = inside(file.reader.home, name) or name  # nothing outside of the project is read
        try:
            if path not in self._others:
                document = _document(self.files, path)
                self._others[path] = self._file(path, posixpath.dirname(path), file.reader.values, document)
        except ComposeFileError as error:
            self._note(place, "extends", error.told)
            return None
        return self._others[path]


def _document(files: Files, path: str) -> YamlMapping:
    text = files.text(path)
    if text is None:
        raise ComposeFileError(Place(path, 0), "it is no plain file of this project, in UTF-8, of at most 1 MiB")
    try:
        document = load(text)
    except YamlError as error:
        raise ComposeFileError(Place(path, error.line), error.reason) from error
    if document is None:
        return YamlMapping()
    if not isinstance(document, YamlMapping):
        raise ComposeFileError(Place(path, 1), "it is no mapping with `services`")
    return document
