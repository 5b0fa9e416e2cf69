"""An image as the engine knows it: here already, or pulled."""

import time
from typing import Any, Final

from docker.errors import ImageNotFound

from ci_toolkit.model.record import Record
from ci_toolkit.services.errors import EngineError, ImageMissingError
from ci_toolkit.services.providers.docker.containers.engine import Engine

_PULL_SECONDS: Final = 300.0
_SERVERS: Final = ("postgres", "redis-server", "valkey-server")
"""An image that starts something else by itself, such as a script that loads modules, knows better."""


class Image(Record, frozen=True, kw_only=True):
    """What an image says about itself."""

    identity: str
    name: str
    entry_point: tuple[str, ...]
    arguments: tuple[str, ...]
    """What its entry point gets when nothing else is said."""
    volumes: tuple[str, ...]

    @property
    def is_known_server(self) -> bool:
        """Whether its own command is a server whose options are known."""
        return bool(self.arguments) and self.arguments[0] in _SERVERS

    def command_with(self, options: tuple[str, ...]) -> tuple[str, ...]:
        """Return what runs in a container: its own command, with ``options`` where that is a known server's."""
        return (*self.entry_point, *self.arguments, *(options if self.is_known_server else ()))


def find(engine: Engine, name: str, *, service: str) -> Image:
    """Return the image ``name``, pulled if it is not here. Raises ImageMissingError if it cannot be had."""
    facts = _inspect(engine, name)
    if facts is None:
        _pull(engine, name, service)
        facts = _inspect(engine, name)
    if facts is None:
        raise _missing(name, service, "the registry gave another one")
    config: dict[str, Any] = facts["Config"]
    return Image(
        identity=facts["Id"],
        name=name,
        entry_point=tuple(config.get("Entrypoint") or ()),
        arguments=tuple(config.get("Cmd") or ()),
        volumes=tuple(sorted(config.get("Volumes") or ())),
    )


def is_here(engine: Engine, name: str) -> bool:
    """Whether the image ``name`` is on this machine."""
    return _inspect(engine, name) is not None


def _inspect(engine: Engine, name: str) -> dict[str, Any] | None:
    with engine.asked_to(f"describe the image {name}"):
        try:
            facts: dict[str, Any] = engine.api.inspect_image(name)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None
    return facts


def _pull(engine: Engine, name: str, service: str) -> None:
    limit = time.monotonic() + _PULL_SECONDS
    try:
        with engine.asked_to("pull"):
            for step in engine.api.pull(name, stream=True, decode=True):
                if "error" in step:
                    raise _missing(name, service, f"pulling it failed: {step['error']}")
                if time.monotonic() > limit:
                    raise _missing(name, service, f"pulling it took longer than {_PULL_SECONDS:g} s")
    except EngineError as error:
        raise _missing(name, service, f"pulling it failed: {error.message}") from error


def _missing(name: str, service: str, reason: str) -> ImageMissingError:
    return ImageMissingError(
        f"the image {name} of {service} is not on this machine; {reason}",
        advice=f"`docker pull {name}`, or build it under this name, or set another image under "
        f"[tool.ci-toolkit.services.{service}] in pyproject.toml.",
    )
