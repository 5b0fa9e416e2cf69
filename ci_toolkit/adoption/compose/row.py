"""Reads one service of a compose file, in every form that compose takes."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ci_toolkit.adoption.compose.health import seconds_of, split_words, test_words
from ci_toolkit.adoption.compose.interpolation import resolved
from ci_toolkit.adoption.compose.ports import ports_between, short_ports
from ci_toolkit.adoption.compose.service import ComposeService, Health, Mount, Note, Place, Port, Say, Text, inside
from ci_toolkit.adoption.documents import table, text_of
from ci_toolkit.adoption.yaml_document import Spot, YamlList, YamlMapping

_READ: Final = {
    "image": "image",
    "build": "build",
    "command": "command",
    "ports": "ports",
    "expose": "ports",
    "environment": "environment",
    "env_file": "env_files",
    "depends_on": "depends_on",
    "healthcheck": "health",
    "volumes": "mounts",
    "profiles": "profiles",
    "extends": "",
}
"""Keys that are read, each with its field."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DIGITS: Final = 5
_DISCARDING: Final = frozenset({"!reset", "!override"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReader:
    """Reads the services of one file."""

    path: str
    home: str
    """The folder from which paths in it count."""
    values: Mapping[str, str]
    """Compose's variables."""
    variables_of: Callable[[str], Mapping[str, str] | None]
    """What stands in a file of variables; None where it cannot be read."""
    say: Say

    def read(self, name: str, row: YamlMapping, line: int = 0) -> ComposeService:
        """Return the service whose name stands in ``line``, without what it extends."""
        discarded = {key for key, spot in row.spots.items() if spot.tag in _DISCARDING}
        row = _without_reset(row)
        return ComposeService(
            name=name,
            place=Place(self.path, line),
            image=self._single(row, "image", name),
            build=self._build(row, name),
            command=self._command(row, name),
            ports=(*self._ports(row, name), *self._exposed(row)),
            env_files=self._env_files(row, name),
            environment=self._environment(row, name),
            depends_on=dict(self._names(row, "depends_on")),
            completed=frozenset(_completed(row.get("depends_on"))),
            health=self._health(row, name),
            mounts=tuple(self._mounts(row, name)),
            profiles=tuple(profile for profile, _ in self._names(row, "profiles")),
            others={key: self._place(spot) for key, spot in row.spots.items() if key not in _READ and key[:2] != "x-"},
            replaced=frozenset(_READ[key] for key in discarded if _READ.get(key)),
        )

    def _place(self, spot: Spot) -> Place:
        return Place(self.path, spot.line)

    def _note(self, place: Place, what: str, why: str) -> None:
        self.say(Note(place=place, what=what, why=why))

    def _text(self, value: object, place: Place) -> Text:
        found = resolved(text_of(value), self.values)
        return Text(value=found.text, place=place, is_private=found.is_private)

    def _single(self, row: YamlMapping, key: str, name: str) -> Text | None:
        if row.get(key) is None:
            return None
        place = self._place(row.spots[key])
        if not isinstance(row[key], str):
            self._note(place, f"{name}: {key}", "it is no text")
            return None
        return self._text(row[key], place)

    def _build(self, row: YamlMapping, name: str) -> Text | None:
        value = row.get("build")
        if not isinstance(value, Mapping):
            found = self._single(row, "build", name)
        else:
            found = self._text(text_of(value.get("context")) or ".", self._place(row.spots["build"]))
        if found is None or found.value is None or "://" in found.value:
            return found
        return Text(value=inside(self.home, found.value), place=found.place, is_private=found.is_private)

    def _command(self, row: YamlMapping, name: str) -> tuple[Text, ...] | None:
        value = row.get("command")
        if not isinstance(value, YamlList):
            found = self._single(row, "command", name)
            if found is None or not found.value:
                return None
            try:
                words = split_words(found.value)
            except ValueError:
                self._note(found.place, f"{name}: command", "a quote in it is not closed")
                return None
            return tuple(Text(value=word, place=found.place, is_private=found.is_private) for word in words)
        return tuple(self._text(word, self._place(spot)) for word, spot in zip(value, value.spots, strict=True)) or None

    def _ports(self, row: YamlMapping, name: str) -> Iterator[Port]:
        value = row.get("ports")
        for entry, spot in zip(value, value.spots, strict=True) if isinstance(value, YamlList) else ():
            place = self._place(spot)
            try:
                if isinstance(entry, Mapping):
                    outside, within = (self._text(entry.get(key), place).value or "" for key in ("published", "target"))
                    yield from ports_between(outside, within, text_of(entry.get("protocol")), place)
                else:
                    text = self._text(entry, place).value
                    if text is None:
                        self._note(place, f"{name}: ports", "a variable without a default decides")
                        continue
                    yield from short_ports(text, place)
            except ValueError as error:
                self._note(place, f"{name}: ports", str(error))

    def _exposed(self, row: YamlMapping) -> Iterator[Port]:
        """Yield what is for compose's network alone: it says where a service listens."""
        for text, place in self._names(row, "expose"):
            with suppress(ValueError):
                yield from short_ports(self._text(text, place).value or "", place)

    def _environment(self, row: YamlMapping, name: str) -> dict[str, Text]:
        value = row.get("environment")
        if isinstance(value, YamlMapping):
            pairs = [(key, value[key], spot) for key, spot in value.spots.items()]
        elif isinstance(value, YamlList):
            pairs = [_pair(text_of(entry), spot) for entry, spot in zip(value, value.spots, strict=True)]
        else:
            pairs = []
        found = {}
        for key, text, spot in pairs:
            place = self._place(spot)
            if not _VARIABLE.fullmatch(key):  # which may be a value: `- PASSWORD: hush` is no variable
                self._note(place, f"{name}: environment", "it is neither NAME=VALUE nor NAME: VALUE")
            elif text is None:  # the shell's own
                found[key] = Text(value=None, place=place)
            elif isinstance(text, str):
                found[key] = self._text(text, place)
            else:
                self._note(place, f"{name}: environment", "it is no variable with a text")
        return found

    def _env_files(self, row: YamlMapping, name: str) -> dict[str, Text]:
        value, found = row.get("env_file"), dict[str, Text]()
        for entry in filter(None, value if isinstance(value, YamlList) else [value]):
            place = self._place(row.spots["env_file"])
            named = self._text(table(entry).get("path") if isinstance(entry, Mapping) else entry, place).value
            path = inside(self.home, named) if named else None
            values = self.variables_of(path) if path else None
            if path is None or values is None:
                self._note(place, f"{name}: env_file", "no plain file of this project, of at most 1 MiB, has this name")
                continue
            found |= {key: Text(value=text, place=Place(path, 0), is_private=True) for key, text in values.items()}
        return found

    def _names(self, row: YamlMapping, key: str) -> Iterator[tuple[str, Place]]:
        """Yield the keys of a mapping, or the entries of a list."""
        value = row.get(key)
        if isinstance(value, YamlMapping):
            yield from ((each, self._place(spot)) for each, spot in value.spots.items())
        elif isinstance(value, YamlList):
            spots = zip(value, value.spots, strict=True)
            yield from ((each, self._place(spot)) for each, spot in spots if isinstance(each, str))

    def _health(self, row: YamlMapping, name: str) -> Health | None:
        check = row.get("healthcheck")
        if check is None:
            return None
        place = self._place(row.spots["healthcheck"])
        told = table(check)
        if self._text(told.get("disable"), place).value == "true":
            return Health(test=("NONE",), seconds=0, place=place)
        test = told.get("test")
        words = test_words([self._known(word) for word in test] if isinstance(test, list) else self._known(test))
        if not words:
            if "test" in told or not isinstance(check, Mapping):
                self._note(place, f"{name}: healthcheck", "its test is no line, and no list of CMD, CMD-SHELL or NONE")
            return None
        start, interval = (seconds_of(text_of(told.get(key))) for key in ("start_period", "interval"))
        retries = text_of(told.get("retries"))
        count = int(retries) if retries.isdecimal() and len(retries) < _DIGITS else 0
        return Health(test=words, seconds=start + interval * count, place=place)

    def _known(self, value: object) -> object:
        """Return the text with its variables' values where they are known; a shell's own variables stay."""
        if not isinstance(value, str):
            return value
        text = resolved(value, self.values).text
        return value if text is None else text

    def _mounts(self, row: YamlMapping, name: str) -> Iterator[Mount]:
        value = row.get("volumes")
        for entry, spot in zip(value, value.spots, strict=True) if isinstance(value, YamlList) else ():
            place = self._place(spot)
            if isinstance(entry, Mapping):
                source, target = text_of(entry.get("source")), text_of(entry.get("target"))
            else:
                text = self._text(entry, place).value
                if text is None:
                    self._note(place, f"{name}: volumes", "a variable without a default decides")
                    continue
                parts = text.split(":")
                source, target = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
            is_path = source.startswith((".", "/", "~"))
            known = inside(self.home, source) if is_path else None
            yield Mount(source=known or "", is_named=not is_path, target=target, place=place)


def _without_reset(row: YamlMapping) -> YamlMapping:
    kept = YamlMapping()
    for key, spot in row.spots.items():
        if spot.tag != "!reset":
            kept[key], kept.spots[key] = row[key], spot
    return kept


def _completed(value: object) -> Iterator[str]:
    for name, condition in table(value).items():
        if table(condition).get("condition") == "service_completed_successfully":
            yield name


def _pair(text: str, spot: Spot) -> tuple[str, str | None, Spot]:
    name, sign, value = text.partition("=")
    return name, value if sign else None, spot
