"""The state of an isolated environment: an immutable value, so that restoring is taking an earlier one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ci_toolkit.masking import masked

PROCESS = "process environment"
"""The source of a variable that nobody set through an isolated environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a variable differs from what it was; secrets are masked, ``None`` is unset."""

    key: str
    old: str | None
    new: str | None
    source: str


Callback = Callable[[Change], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A variable that was written: its value (``None`` is unset), who wrote it, and what it was before."""

    value: str | None = field(repr=False)
    source: str
    original: str | None = field(repr=False)

    def change(self, key: str) -> Change:
        """Return this entry as a reader may see it."""
        old, new = (None if value is None else masked(key, value) for value in (self.original, self.value))
        return Change(key=key, old=old, new=new, source=self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentState:
    """Every variable that was written, and the callbacks that hear of changes."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    callbacks: tuple[Callback, ...] = ()
    outer: "EnvironmentState | None" = None
    """What was before isolation began; ``None`` where nothing is isolated."""

    def with_entry(self, key: str, entry: Entry) -> "EnvironmentState":
        """Return this state with one variable written."""
        return replace(self, entries={**self.entries, key: entry})

    def isolated(self) -> "EnvironmentState":
        """Return the state in which isolation begins; what was written to the process itself stays the process's."""
        return replace(self, outer=self, entries={} if self.outer is None else self.entries)

    def entry_of(self, key: str) -> Entry | None:
        """Return who wrote ``key`` last, here or before isolation began."""
        entry = self.entries.get(key)
        return self.outer.entry_of(key) if entry is None and self.outer is not None else entry

    def cleared(self) -> "EnvironmentState":
        """Return the state as it was when isolation began, or at the start where it never did."""
        return EnvironmentState() if self.outer is None else self.outer.isolated()

    def with_what_changed(self, before: "EnvironmentState", after: "EnvironmentState") -> "EnvironmentState":
        """Return this state with every variable written between ``before`` and ``after``."""
        if before is self:
            return after
        kept = dict(self.entries)
        for key in before.entries.keys() | after.entries.keys():
            entry = after.entries.get(key)
            if entry is before.entries.get(key):
                continue
            if entry is None:
                kept.pop(key, None)
            else:
                kept[key] = entry
        return replace(self, entries=kept)
