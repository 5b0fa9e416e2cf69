"""The category of a test: by its marker or its directory, and what a category asks for."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from ci_toolkit.model.record import Record

MISSION_CRITICAL = "mission_critical"
"""Always selected, never skipped, never quarantined. Stands alone or on top of another category."""
NO_SKIP = "no_skip"
"""The guide's other marker for a test that must always run."""


class MockPolicy(StrEnum):
    """What a category's tests may put in the place of something real."""

    EXTERNAL_ONLY = "external-only"
    """Only what the team does not own, such as an LLM or a payment provider."""
    NONE = "none"
    ANY = "any"


class Category(Record, frozen=True, kw_only=True):
    """A kind of test, and what it asks for."""

    name: str
    directories: tuple[str, ...]
    """A test in a directory of one of these names (the innermost counts) is of this category."""
    marker: str
    services: tuple[str, ...] = ()
    """The services of ``[tool.ci-toolkit.services]`` that its tests need."""
    mocks: MockPolicy = MockPolicy.EXTERNAL_ONLY
    test_seconds: float = 0.0
    """The time limit of one test; 0 is none."""
    coverage_threshold: float | None = None
    """The least coverage that its tests must reach by themselves, in percent, where coverage is measured."""
    after: tuple[str, ...] = ()
    """Categories that run before it when both are selected."""


USUAL_SERVICES = ("postgresql", "redis")
"""What is brought up for tests of which no category says what they need."""

_STACK = ("postgresql", "redis", "clickhouse", "backend", "auth", "frontend", "analytics")

BUILT_IN = (
    Category(name="unit", directories=("unit",), marker="unit", test_seconds=120.0),
    Category(
        name="integration",
        directories=("integration",),
        marker="integration",
        services=("postgresql", "redis"),
        test_seconds=300.0,
        after=("unit",),
    ),
    Category(
        name="e2e",
        directories=("e2e",),
        marker="e2e",
        services=_STACK,
        mocks=MockPolicy.NONE,
        test_seconds=900.0,
        after=("integration",),
    ),
    Category(
        name=MISSION_CRITICAL,
        directories=(MISSION_CRITICAL,),
        marker=MISSION_CRITICAL,
        services=_STACK,
        mocks=MockPolicy.NONE,
        test_seconds=900.0,
    ),
)
"""The guide's categories, cheapest first."""

CATEGORIES = tuple(category.name for category in BUILT_IN)


def category_of_path(path: str, names: Collection[str] = CATEGORIES) -> str:
    """Return the category that a directory of ``path`` is named after (the innermost), or ``""``."""
    return next((part for part in reversed(path.split("/")[:-1]) if part in names), "")


class Placement(Record, frozen=True, kw_only=True):
    """Where a test stands among the categories."""

    category: str
    is_critical: bool
    """Whether it must run and pass, whatever is selected."""
    clash: str = ""
    """What is wrong: two markers, or a marker and a directory that disagree."""


class Categories:
    """The categories in force: says which one a test is of."""

    def __init__(self, every: Iterable[Category] = BUILT_IN) -> None:
        self.every = tuple(every)
        self.by_name: Mapping[str, Category] = {category.name: category for category in self.every}
        self._of_directory = {directory: c.name for c in self.every for directory in c.directories}
        self._of_marker = {category.marker: category.name for category in self.every}

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the settings."""
        return tuple(self.by_name)

    @property
    def markers(self) -> frozenset[str]:
        """Every marker that says something about a category."""
        return frozenset((*self._of_marker, NO_SKIP))

    @property
    def critical_folders(self) -> tuple[str, ...]:
        """The names of the folders whose tests always run."""
        return tuple(folder for folder, name in self._of_directory.items() if name == MISSION_CRITICAL)

    def of_path(self, path: str) -> str:
        """Return the category of the innermost directory of ``path`` that stands for one, or ``""``."""
        known = self._of_directory
        return next((known[part] for part in reversed(path.split("/")[:-1]) if part in known), "")

    def place(self, directory: str, markers: Collection[str]) -> Placement:
        """Return where a test stands that has ``markers``, in a directory of the category ``directory``."""
        marked = sorted({self._of_marker[marker] for marker in markers if marker in self._of_marker})
        is_critical = MISSION_CRITICAL in marked or NO_SKIP in markers or directory == MISSION_CRITICAL
        plain = [name for name in marked if name != MISSION_CRITICAL]
        own = plain[0] if plain else ""
        beneath = "" if directory == MISSION_CRITICAL else directory
        category = own or beneath or (MISSION_CRITICAL if MISSION_CRITICAL in (*marked, directory) else "")
        return Placement(category=category, is_critical=is_critical, clash=_clash(plain, beneath))


def _clash(marked: list[str], directory: str) -> str:
    if len(marked) > 1:
        return f"is marked {' and '.join(marked)}"
    if marked and directory and marked[0] != directory:
        return f"is marked {marked[0]} in a directory of {directory}"
    return ""
