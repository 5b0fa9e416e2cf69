"""What a repository is to `ci-toolkit init`: its projects, and what each of them is tested with."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Words = tuple[str, ...]
"""A command and its arguments."""


class Manager(StrEnum):
    """What installs a project."""

    PIP = "pip"
    UV = "uv"
    POETRY = "poetry"
    PDM = "pdm"
    HATCH = "hatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How a project, its tests and ci-toolkit are installed."""

    manager: Manager
    tools: tuple[str, ...] = ()
    """What pip installs before: the package manager itself."""
    variables: tuple[tuple[str, str], ...] = ()
    """What the package manager reads from the environment."""
    steps: tuple[Words, ...]
    """The commands, in the project's folder."""
    added: Words = ()
    """Requirements that go into ``venv`` after these."""
    venv: str = ""
    """The environment that they make, as a shell in the project's folder says it; empty for Python's own."""
    environment: str = ""
    """The name of hatch's environment, in the project's settings."""
    because: str
    """The file, or the table of one, that shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundService:
    """A server that the repository's own files start for its tests."""

    name: str
    """Its name in the table of services."""
    image: str = ""
    port: int | None = None
    """On this machine."""
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    where: str
    """The file that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the tests are, and what of ci-toolkit's categories they are."""

    test_files: int
    directories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Category to the names of folders that are to be of it, and are not yet."""
    markers: dict[str, str] = field(default_factory=dict)
    """Category to the marker that the project has for it."""
    advice: tuple[str, ...] = ()
    """The lines of settings that would give a category to the others, if their reader agrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One suite: a folder with tests and what says how to install it."""

    folder: str
    """Relative to the repository's top; ``.`` is the top."""
    installation: Installation
    python: str
    """The version to run the tests on."""
    layout: Layout
    services: tuple[FoundService, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    """Name and value of what its tests have in their environment elsewhere."""
    django: str = ""
    """The module of Django's settings, where nothing tells it to pytest yet."""
    coverage: str = ""
    """The percentage to reach; ``0`` where coverage is only measured, empty where it is not."""
    pyproject: str | None = None
    """The text of its pyproject.toml."""
    noxfile: str | None = None
    """The text of its noxfile.py."""

    def path(self, name: str) -> str:
        """Return the path of a file of it, relative to the repository's top."""
        return name if self.folder == "." else f"{self.folder}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What was read of a repository."""

    top: Path
    branch: str
    """Where pull requests go."""
    projects: tuple[Project, ...]
    workflow_path: str
    """The workflow file, relative to the top."""
    workflow: str | None = None
    """Its text, where there is one already."""
    others: tuple[str, ...] = ()
    """Folders of further projects, which have no job."""
    notes: tuple[str, ...] = ()
    """What could not be read, a sentence each."""
