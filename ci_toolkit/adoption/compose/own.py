"""The command and the variables of a service that is built of the project's own sources, or that answers over HTTP."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ci_toolkit.adoption.compose.addresses import Address, with_placeholders
from ci_toolkit.adoption.compose.service import ComposeService, Note, Place, Say, Text
from ci_toolkit.services.catalog.endpoint import Endpoint, variables
from ci_toolkit.services.catalog.placeholders import literal
from ci_toolkit.services.catalog.table import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The other services, as one of them sees these, by their names in compose's network."""

    before: Mapping[str, Address]
    """Those that are ready before it starts."""
    known: Mapping[str, Address]
    """All that have an address in the table."""
    hosts: frozenset[str]
    """All, those without a row too."""


_PORT_NAME = re.compile(r"(?:.*_)?PORT")
_OF_A_DATABASE = re.compile(r".*(?:DB|DATABASE)(?:_NAME)?")


def command_of(service: ComposeService, target: int, say: Say) -> dict[str, Any]:
    """Return ``command`` as the table takes it, with ``{port}`` where the service's own port stands."""
    what = f"{service.name}: command"
    if service.command is None:
        say(Note(place=service.place, what=what, why="its image says it; add `command`, or start it yourself"))
        return {}
    place = service.command[0].place
    words = [word.value for word in service.command if word.value is not None]
    if len(words) < len(service.command):
        say(Note(place=place, what=what, why="a variable without a default decides, or a word is no text"))
        return {}
    if any(word.is_private for word in service.command):
        say(Note(place=place, what=what, why="a part of it stands in a file of variables, which stays as it is"))
        return {}
    folder = service.build.value if service.build else "."
    if folder not in {".", None}:
        say(Note(place=place, what=what, why=f"it runs in the project's root, not in {folder}: see whether it can"))
    return {"command": [_with_port(word, target) for word in words]}


def _with_port(word: str, target: int) -> str:
    kept = literal(word)
    return re.sub(rf"(?<![\d.])(?:(?<=[:=])|^){target}(?!\d)", "{port}", kept)


def variables_of(service: ComposeService, network: "Network", say: Say) -> dict[str, str]:
    """Return what of the service's environment the table does not set by itself, with addresses as placeholders."""
    given = _given(network.before)
    found: dict[str, str] = {}
    for name, value in service.environment.items():
        text, why = _value(name, value, network)
        if name in given or name == "PORT":
            if text is None and name.endswith("_URL"):
                why = "the table sets it, in its own form"
                say(Note(place=value.place, what=f"{service.name}: {name}", why=why))
        elif text is None:
            say(Note(place=value.place, what=f"{service.name}: {name}", why=why))
        else:
            found[name] = text
    for place in sorted({Place(text.place.path, 0) for text in service.env_files.values()}):
        count = sum(text.place.path == place.path for text in service.env_files.values())
        why = f"its {count} variables stay in that file: the table does not repeat them"
        say(Note(place=service.place, what=f"{service.name}: env_file {place.path}", why=why))
    return found


def _value(name: str, value: Text, network: "Network") -> tuple[str | None, str]:
    """Return the value as the table takes it, or None and the reason."""
    if value.value is None:
        return None, "it comes from the shell, or from a variable without a default"
    if value.is_private:
        return None, "its value stands in a file of variables, which stays as it is"
    before = network.before.values()
    if _PORT_NAME.fullmatch(name) and value.value.isdecimal():
        for address in before:
            if value.value == str(address.target):
                return f"{{{address.word}_port}}", ""
    has_database = any(address.protocol is Protocol.POSTGRESQL for address in before)
    if has_database and _OF_A_DATABASE.fullmatch(name) and "://" not in value.value:
        return None, "each worker has a database of its own; POSTGRES_DB names it"
    text = with_placeholders(name, value.value, network.known, network.hosts)
    if text is None:
        return None, "it names a host of compose's network, and no placeholder says the same"
    return text, ""


def _given(known: Mapping[str, Address]) -> frozenset[str]:
    """Return the variables that the table sets: the addresses of what the service depends on."""
    endpoints = [Endpoint(name=address.row, protocol=address.protocol, port=1) for address in known.values()]
    return frozenset(variables(endpoints))
