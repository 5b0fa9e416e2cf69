"""Decides what a service is to the table, or says why it is nothing there."""

from dataclasses import dataclass
from typing import Final

from ci_toolkit.adoption.compose.health import Asked, asked_url, ready_command
from ci_toolkit.adoption.compose.known import HTTP, READY_LOGS, image_word, store_kind
from ci_toolkit.adoption.compose.service import ComposeService, Place
from ci_toolkit.adoption.templating import stays_data
from ci_toolkit.services.catalog.table import BUILT_IN, Protocol

_UNSAID: Final = "it has no port, and nothing says when it is ready: a row would need ready-log or ready-command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a service speaks, where, and how it is known to be ready."""

    protocol: Protocol
    target: int = 0
    """The port inside its container; 0 for none."""
    path: str = ""
    ready_command: tuple[str, ...] = ()
    ready_log: str = ""
    is_assumed: bool = False
    """Whether nothing says that it speaks HTTP."""

    @property
    def is_store(self) -> bool:
        """Whether it is a data store."""
        return self.protocol.is_data_store


class NoRowError(ValueError):
    """The table has no row for a service: where that is seen, and why."""

    def __init__(self, place: Place, why: str) -> None:
        super().__init__(why)
        self.place = place
        self.why = why


def kind_of(service: ComposeService, *, is_awaited: bool) -> Kind:
    """Return what ``service`` is; ``is_awaited`` says that another one waits until it has ended. Raises NoRowError."""
    if service.build is not None:
        return _of_sources(service, is_awaited=is_awaited)
    store = store_kind(service)
    if store:
        return Kind(protocol=Protocol(store), target=BUILT_IN.service(store).container_port)
    return _of_image(service)


def _of_sources(service: ComposeService, *, is_awaited: bool) -> Kind:
    asked = asked_url(service.health)
    if asked:
        return _web(asked)
    command = ready_command(service.health)
    if service.ports:
        return Kind(
            protocol=Protocol.HTTP,
            target=service.ports[0].target,
            path="" if command else "/",
            ready_command=command,
            is_assumed=not command,
        )
    if service.command is None or not all(stays_data(word.value or "\n") for word in service.command):
        what = "its image says what it runs" if service.command is None else "its command is no plain list of words"
        raise NoRowError(service.place, f"it has no port, and {what}: a row would need `command`")
    if is_awaited:
        return Kind(protocol=Protocol.JOB)
    if not command:
        raise NoRowError(service.place, _UNSAID)
    return Kind(protocol=Protocol.NONE, ready_command=command)


def _of_image(service: ComposeService) -> Kind:
    if service.image is None:
        raise NoRowError(service.place, "it has neither an image nor a build")
    if not service.image.value:
        raise NoRowError(service.image.place, "its image is decided by a variable that has no value here")
    if service.command is not None:
        why = "its image is started with a command of compose's, which no row can hold"
        raise NoRowError(service.command[0].place, why)
    if "entrypoint" in service.others:
        raise NoRowError(service.others["entrypoint"], "its image is started with an entrypoint, which no row can hold")
    word, asked = image_word(service.image.value), asked_url(service.health)
    if asked or word in HTTP:
        return _web(asked or Asked(*HTTP[word]))
    if word in READY_LOGS:
        port, line = READY_LOGS[word]
        return Kind(protocol=Protocol.HTTP, target=port, ready_log=line)
    why = "its image is none that is known, and no healthcheck asks it over HTTP: a row would need ready-log"
    raise NoRowError(service.place, why)


def _web(asked: Asked) -> Kind:
    return Kind(protocol=Protocol.HTTP, target=asked.port, path=asked.path)
