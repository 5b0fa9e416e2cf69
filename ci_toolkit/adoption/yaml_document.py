"""Reads a YAML document of others as data: strings, None, lists and mappings that know their lines.

It is built from the events of the parser, not by a loader: nothing recurses, so a text may nest as it likes and is
refused at the limit; an alias is the value itself, so nothing grows; a tag makes no object.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

_DEEPEST: Final = 100
_MOST_MERGED: Final = 100_000
"""Keys that merges may copy in one document: a few lines of YAML can ask for billions."""
_MERGE: Final = "<<"
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})


class YamlError(ValueError):
    """A text is no document that is read here: the reason, and the line where one is known, else 0."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands, counted from 1, and its tag."""

    line: int
    tag: str = ""


class YamlMapping(dict[str, Any]):
    """A mapping with the spot of each key. An own key wins over one that `<<` brings."""

    def __init__(self) -> None:
        super().__init__()
        self.spots: dict[str, Spot] = {}


class YamlList(list[Any]):
    """A list with the spot of each entry."""

    def __init__(self) -> None:
        super().__init__()
        self.spots: list[Spot] = []


def load(text: str) -> Any:
    """Return the one document in ``text``; None where it is empty. Raises YamlError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as ParserError

    reader = YAML(typ="safe", pure=True)
    reader.Scanner = _limited_scanner()
    try:
        return _built(reader.parse(text))
    except ParserError as error:
        mark = getattr(error, "problem_mark", None)
        told = str(getattr(error, "problem", None) or error).strip().splitlines()[0]
        raise YamlError(mark.line + 1 if mark else 0, told) from error


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun and not ended."""

    value: YamlMapping | YamlList
    spot: Spot
    anchor: str | None
    key: str | None = None
    """The key whose value comes next."""
    key_line: int = 0
    merged: list[tuple[int, Any]] = field(default_factory=list)
    """What `<<` names, with its line."""


class _Builder:
    """Makes values of events; an anchor is known once its value has ended, so no value holds itself."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Any] = {}
        self._merged = 0

    def begin(self, value: YamlMapping | YamlList, spot: Spot, anchor: str | None) -> None:
        if len(self._open) == _DEEPEST:
            raise YamlError(spot.line, f"it is nested more than {_DEEPEST} deep")
        if self._awaits_key():
            raise YamlError(spot.line, "a list or a mapping is used as a key")
        self._open.append(_Open(value, spot, anchor))

    def end(self) -> None:
        done = self._open.pop()
        if isinstance(done.value, YamlMapping):
            for line, source in done.merged:
                self._merge(done.value, source, line)
        self.put(done.value, done.spot, done.anchor)

    def put(self, value: Any, spot: Spot, anchor: str | None) -> None:
        """Take a whole value: as the document, an entry of a list, a key or the value of one."""
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.documents.append(value)
            return
        here = self._open[-1]
        if isinstance(here.value, YamlList):
            here.value.append(value)
            here.value.spots.append(spot)
        elif here.key is None:
            self._take_key(here, value, spot)
        elif here.key == _MERGE:
            here.merged.append((spot.line, value))
            here.key = None
        else:
            here.value[here.key] = value
            here.value.spots[here.key] = Spot(here.key_line, spot.tag)
            here.key = None

    def alias(self, name: str, line: int) -> None:
        if name not in self._anchors:
            raise YamlError(line, f"*{name} names nothing that ended before it")
        self.put(self._anchors[name], Spot(line), None)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, YamlMapping) and self._open[-1].key is None

    def _take_key(self, here: _Open, value: Any, spot: Spot) -> None:
        key = "" if value is None else value
        if not isinstance(key, str):
            raise YamlError(spot.line, "a list or a mapping is used as a key")
        if key in here.value:
            raise YamlError(spot.line, f"the key {key[:80]!r} stands twice in one mapping")
        here.key, here.key_line = key, spot.line

    def _merge(self, into: YamlMapping, source: Any, line: int) -> None:
        """Add the keys that ``into`` lacks; of several mappings an earlier one wins."""
        for each in source if isinstance(source, YamlList) else [source]:
            if not isinstance(each, YamlMapping):
                raise YamlError(line, "<< names something that is no mapping")
            self._merged += len(each)
            if self._merged > _MOST_MERGED:
                raise YamlError(line, f"merges copy more than {_MOST_MERGED} keys")
            for key in each:
                if key not in into:
                    into[key], into.spots[key] = each[key], each.spots[key]


def _limited_scanner() -> type:
    """Return a scanner that ends at the limit by itself: it reads a thousand brackets ahead of the first event."""
    from ruamel.yaml.scanner import Scanner, ScannerError

    class Limited(Scanner):
        def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 (as its base says)
            if len(self.flow_context) == _DEEPEST:
                raise ScannerError(None, None, f"it is nested more than {_DEEPEST} deep", self.reader.get_mark())
            super().fetch_flow_collection_start(TokenClass, to_push)

    return Limited


def _built(events: Iterator[Any]) -> Any:
    from ruamel.yaml import events as kinds

    builder = _Builder()
    for event in events:
        line = event.start_mark.line + 1
        match event:
            case kinds.ScalarEvent():
                value = None if event.style is None and event.tag is None and event.value in _NULL else event.value
                builder.put(value, Spot(line, str(event.tag or "")), event.anchor)
            case kinds.MappingStartEvent():
                builder.begin(YamlMapping(), Spot(line, str(event.tag or "")), event.anchor)
            case kinds.SequenceStartEvent():
                builder.begin(YamlList(), Spot(line, str(event.tag or "")), event.anchor)
            case kinds.MappingEndEvent() | kinds.SequenceEndEvent():
                builder.end()
            case kinds.AliasEvent():
                builder.alias(event.anchor, line)
            case kinds.DocumentStartEvent() if builder.documents:
                raise YamlError(line, "a second document begins")
            case _:
                pass
    return builder.documents[0] if builder.documents else None
