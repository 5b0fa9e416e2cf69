"""Writes imported rows as the table of services of a pyproject.toml: what was there stays, or is asked about.

A row that is there already keeps what the compose file does not say. As in `settings`, nothing of the file is written
anew, and reading the result shows that it says what it is to say.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ci_toolkit.adoption.compose.rows import ImportedRow
from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.adoption.toml_text import toml_key, toml_value
from ci_toolkit.config.project import tool_table
from ci_toolkit.masking import MASK, masked, sounds_secret, without_secrets
from ci_toolkit.services.catalog.table import BUILT_IN

_SECTION: Final = "tool.ci-toolkit.services"
_HEADER: Final = re.compile(r"\s*\[")

Rows = dict[str, Any]
"""Names of services to their settings, or to false for one that the project does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableText:
    """A pyproject.toml with the imported rows."""

    after: str
    adds_only: bool
    """Whether everything that was there is still there."""
    changed: tuple[str, ...]
    """The rows that were there and say something else now."""
    services: Rows
    """The table as it is then."""


def wanted_rows(rows: Sequence[ImportedRow]) -> Rows:
    """Return the rows as settings; a built-in service is false where its port is theirs, or as a store they lack."""
    named = {row.name for row in rows}
    ports = {row.settings.get("port") for row in rows}
    absent = {
        row.name: False
        for row in BUILT_IN.services
        if row.name not in named and (row.protocol.is_data_store or ports & set(row.ports.values()))
    }
    return {**absent, **{row.name: dict(row.settings) for row in rows}}


def table_lines(rows: Rows, *, shown: bool = False) -> list[str]:
    """Return the lines of the table; where it is ``shown``, a secret is a comment that says where it goes."""
    absent = [f"{toml_key(name)} = false" for name, row in rows.items() if row is False]
    lines = [f"[{_SECTION}]", *absent, ""] if absent else []
    for name, row in rows.items():
        if isinstance(row, Mapping):
            lines += [*_row_lines(name, row, shown=shown), ""]
    return lines


def with_rows(before: str, rows: Rows, path: str) -> TableText:
    """Return the text ``before`` of ``path`` with ``rows`` in its table. Raises AdoptionError if they do not fit."""
    present = tool_table(tomllib.loads(before), "ci-toolkit").get("services", {})
    if not isinstance(present, dict):
        raise AdoptionError(f"{path}: {_SECTION} is no table", advice="Write it as a table of services.")
    fresh = {name: row for name, row in rows.items() if name not in present}
    altered = {
        name: {**present[name], **row} if isinstance(present[name], dict) else row
        for name, row in rows.items()
        if name in present and isinstance(row, Mapping)
    }
    altered = {name: row for name, row in altered.items() if row != present[name]}
    services = {**present, **fresh, **altered}
    text = before.replace("\r\n", "\n")
    after = _added(_without(text, altered), {**fresh, **altered})
    _prove(before, after, services, path)
    return TableText(
        after=after.replace("\n", "\r\n") if "\r\n" in before else after,
        adds_only=not altered,
        changed=tuple(altered),
        services=services,
    )


def _row_lines(name: str, row: Mapping[str, Any], *, shown: bool) -> list[str]:
    section = f"{_SECTION}.{toml_key(name)}"
    plain = {key: value for key, value in row.items() if not isinstance(value, Mapping)}
    lines = [f"[{section}]", *(_line(key, value, shown=shown) for key, value in plain.items())]
    for key, value in row.items():
        if isinstance(value, Mapping):
            lines += [f"[{section}.{toml_key(key)}]", *(_line(each, text, shown=shown) for each, text in value.items())]
    return lines


def _line(key: str, value: object, *, shown: bool) -> str:
    if shown and _is_secret(key, value):
        return f'# {toml_key(key)} = "{MASK}"  (`--write` writes it)'
    return f"{toml_key(key)} = {toml_value(value)}"


def _is_secret(key: str, value: object) -> bool:
    if isinstance(value, str):
        return masked(key, value) != value
    words = [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
    follows = any(word.startswith("-") and sounds_secret(word) for word in words)
    return follows or without_secrets(" ".join(words)) != " ".join(words)


def _added(text: str, rows: Rows) -> str:
    """Return ``text`` with ``rows``: those that are false in the table's own section, where it has one."""
    if not rows:
        return text
    lines = text.split("\n")
    absent = [f"{toml_key(name)} = false" for name, row in rows.items() if row is False]
    head = next((number for number, line in enumerate(lines) if _is_header(line, _SECTION)), None)
    if head is not None and absent:
        lines[head + 1 : head + 1] = absent
        rows = {name: row for name, row in rows.items() if row is not False}
    text = "\n".join(lines)
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + gap + "\n".join(table_lines(rows)) if rows else text


def _without(text: str, rows: Mapping[str, Any]) -> str:
    """Return ``text`` without the sections and lines of ``rows``."""
    return "\n".join(_kept(text.split("\n"), rows))


def _kept(lines: Sequence[str], rows: Mapping[str, Any]) -> Iterator[str]:
    removing, is_table = False, False
    for line in lines:
        if _HEADER.match(line):
            removing = any(_is_header(line, f"{_SECTION}.{toml_key(name)}", below=True) for name in rows)
            is_table = _is_header(line, _SECTION)
        named = re.match(r"\s*([A-Za-z0-9_-]+)\s*[.=]", line)
        if not removing and not (is_table and named and named[1] in rows):
            yield line


def _is_header(line: str, section: str, *, below: bool = False) -> bool:
    further = r"(?:\..+)?" if below else ""
    return re.fullmatch(rf"\s*\[\s*{re.escape(section)}{further}\s*\]\s*(?:#.*)?", line) is not None


def _prove(before: str, after: str, services: Rows, path: str) -> None:
    """Raise AdoptionError unless ``after`` says what ``before`` says, with ``services`` as its table."""
    wanted = tomllib.loads(before)
    tool = wanted.setdefault("tool", {})
    tool.setdefault("ci-toolkit", {})["services"] = services
    try:
        found: object = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        found = None
    if found != wanted:
        raise AdoptionError(
            f"{path} writes its table of services in a way to which no row can be added",
            advice=f"Write it as [{_SECTION}.NAME] tables, or add what `services import` prints yourself.",
        )
