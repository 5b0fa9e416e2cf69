"""A service as compose files describe it, as values that know where they stand."""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ci_toolkit.masking import without_secrets


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file."""

    path: str
    """Relative to the project's root."""
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Note:
    """What is not taken, and why. Shows no value of a file, and no secret."""

    place: Place
    what: str
    why: str

    def __str__(self) -> str:
        told = f"{self.place}: {self.what[:_LONGEST]}: {self.why[:_LONGEST]}"
        return without_secrets(told)  # a name may hold one, where a value stands in the place of a name


_LONGEST: Final = 300
"""Characters of a name that is shown: a file may hold any."""
Say = Callable[[Note], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text with the values of its variables in their place."""

    value: str | None
    """None where something decides that is in no file."""
    place: Place
    is_private: bool = field(default=False)
    """Whether a part of it stands in a file of variables, which is often kept out of the repository."""

    def __repr__(self) -> str:
        return f"Text(place={str(self.place)!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port of a service."""

    published: int | None
    """On this machine, where the file chooses it."""
    target: int
    """Inside the container."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file, a folder or a named volume inside the container."""

    source: str
    """Relative to the project's root; empty for one outside."""
    is_named: bool
    """Whether it is a volume of compose's, with nothing of the project in it."""
    target: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How compose asks whether the service is well."""

    test: tuple[str, ...]
    """As a list: ``CMD`` and the words, ``CMD-SHELL`` and one line, or ``NONE``."""
    seconds: float
    """How long it may take until compose calls it unhealthy, as far as the file says it."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeService:
    """A service, with everything that it inherits."""

    name: str
    place: Place
    image: Text | None = None
    build: Text | None = None
    """The folder that its image is built of, relative to the project's root."""
    command: tuple[Text, ...] | None = None
    ports: tuple[Port, ...] = ()
    env_files: Mapping[str, Text] = field(default_factory=dict)
    environment: Mapping[str, Text] = field(default_factory=dict)
    depends_on: Mapping[str, Place] = field(default_factory=dict)
    completed: frozenset[str] = frozenset()
    """Those of ``depends_on`` that have to end well before this one begins."""
    health: Health | None = None
    mounts: tuple[Mount, ...] = ()
    profiles: tuple[str, ...] = ()
    others: Mapping[str, Place] = field(default_factory=dict)
    """Further keys."""
    replaced: frozenset[str] = frozenset()
    """The fields of which nothing is left of what it extends or overrides: ``!reset`` and ``!override``."""

    @property
    def variables(self) -> dict[str, Text]:
        """What its process has in its environment: its own word counts before a file's."""
        return {**self.env_files, **self.environment}

    @property
    def size(self) -> int:
        """How many entries it has."""
        parts = (self.command or (), self.ports, self.env_files, self.environment, self.depends_on)
        return 1 + sum(map(len, (*parts, self.mounts, self.profiles, self.others)))


_EMPTY: Final = ComposeService(name="", place=Place("", 0))
_SINGLE: Final = ("image", "build", "command", "health")
_MAPPINGS: Final = ("env_files", "environment", "depends_on", "others")


def merged(base: ComposeService, over: ComposeService) -> ComposeService:
    """Return ``over`` with what it inherits: one value replaces another, a list grows, a mapping gains keys."""
    base = replace(base, **{name: getattr(_EMPTY, name) for name in over.replaced})
    taken: dict[str, Any] = {name: getattr(base, name) for name in _SINGLE if getattr(over, name) is None}
    taken |= {name: {**getattr(base, name), **getattr(over, name)} for name in _MAPPINGS}
    mounts = {mount.target: mount for mount in (*base.mounts, *over.mounts)}
    return replace(
        over,
        **taken,
        ports=tuple({(port.published, port.target): port for port in (*base.ports, *over.ports)}.values()),
        mounts=tuple(mounts.values()),
        profiles=tuple(dict.fromkeys((*base.profiles, *over.profiles))),
        completed=base.completed - over.depends_on.keys() | over.completed,
        replaced=base.replaced | over.replaced,
    )


def inside(home: str, path: str) -> str | None:
    """Return ``path``, seen from the folder ``home``, relative to the project's root; None for one outside of it."""
    joined = posixpath.normpath(posixpath.join(home, path))
    return None if joined.startswith(("/", "~", "../")) or joined == ".." else joined
