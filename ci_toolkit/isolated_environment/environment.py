"""``IsolatedEnvironment``: variables with a known source, changes that can be listed, and isolation that restores.

Nothing found in a value is ever expanded or run.
"""

import os
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, overload

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.isolated_environment.dotenv_file import read_dotenv
from ci_toolkit.isolated_environment.state import PROCESS, Callback, Change, Entry, EnvironmentState

# One lock for all, held over a fork, so that a child never inherits it from a thread that it does not have.
_LOCK: Final = threading.RLock()
os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


class ProtectedVariableError(ConfigurationError):
    """Somebody writes a variable that ``protect`` guards."""

    slug = "protected-variable"


class IsolatedEnvironment:
    """The environment variables, and what was written to them by whom.

    Where nothing is isolated, reads and writes go to the process environment. In isolation what is written is laid
    over the process environment, which stays as it is, and ``disable_isolation`` takes it all away again.
    """

    def __init__(self, process: MutableMapping[str, str] | None = None) -> None:
        self._process = os.environ if process is None else process
        self._state = EnvironmentState()

    def __repr__(self) -> str:
        state = self._state
        names = ", ".join(sorted(state.entries)) or "nothing"
        return f"<IsolatedEnvironment{' (isolated)' if state.outer else ''}: {names} set>"

    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: None) -> str | None: ...
    def get(self, key: str, default: str | None = None) -> str | None:
        """Return the value of ``key``, or ``default`` where it is unset."""
        with _LOCK:
            value = self._read(self._state, key)
        return default if value is None else value

    def set(self, key: str, value: str, *, source: str = "set") -> None:
        """Set ``key``; ``source`` says who wants it so. Raises ProtectedVariableError, ValueError, TypeError."""
        self._write({key: value}, source)

    def delete(self, key: str, *, source: str = "delete") -> bool:
        """Unset ``key``; return whether it was set. Raises ProtectedVariableError."""
        was_set = self.get(key) is not None
        if was_set:
            self._write({key: None}, source)
        return was_set

    def update(self, values: Mapping[str, str], *, source: str = "update") -> None:
        """Set every variable in ``values``, or none of them where one cannot be set."""
        self._write(values, source)

    def load_from_file(
        self, path: str | os.PathLike[str], *, source: str = "", override: bool = True
    ) -> tuple[str, ...]:
        """Set what the ``.env`` file at ``path`` says and return the names; ``override=False`` leaves what is set.

        The path is the source where no other is given. Raises ConfigurationError naming the file and line.
        """
        found = read_dotenv(Path(path))
        wanted = {name: value for name, value in found.items() if override or self.get(name) is None}
        self._write(wanted, source or str(path))
        return tuple(wanted)

    def get_all(self) -> dict[str, str]:
        """Return every variable that is set; a copy."""
        with _LOCK:
            return self._all(self._state)

    def get_subprocess_env(self, additional: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the whole environment for a child process, with ``additional`` on top."""
        return self.get_all() | dict(additional or {})

    def get_variable_source(self, key: str) -> str | None:
        """Return who set ``key``, ``"process environment"`` where nobody did, ``None`` where it is unset."""
        with _LOCK:
            value = self._read(self._state, key)
            if value is None:
                return None
            entry = self._state.entry_of(key)
            return entry.source if entry is not None and entry.value == value else PROCESS

    def get_changes(self) -> tuple[Change, ...]:
        """Return what differs from before, by name: secrets masked, what was set back left out."""
        entries = self._state.entries
        return tuple(entries[key].change(key) for key in sorted(entries) if entries[key].value != entries[key].original)

    def protect(self, *keys: str) -> None:
        """Refuse every write to ``keys`` from here on, until ``unprotect`` or the end of this isolation."""
        with _LOCK:
            self._state = replace(self._state, protected=self._state.protected | set(keys))

    def unprotect(self, *keys: str) -> None:
        """Allow writes to ``keys`` again."""
        with _LOCK:
            self._state = replace(self._state, protected=self._state.protected - set(keys))

    def add_change_callback(self, callback: Callback) -> None:
        """Call ``callback`` with the Change after each change, until it is removed or this isolation ends."""
        with _LOCK:
            self._state = replace(self._state, callbacks=(*self._state.callbacks, callback))

    def remove_change_callback(self, callback: Callback) -> None:
        """Stop calling ``callback``."""
        with _LOCK:
            left = tuple(known for known in self._state.callbacks if known != callback)
            self._state = replace(self._state, callbacks=left)

    @property
    def is_isolated(self) -> bool:
        """Whether writes stay away from the process environment."""
        return self._state.outer is not None

    def enable_isolation(self) -> None:
        """Begin isolation, or another one inside it; each ends with its own ``disable_isolation``."""
        with _LOCK:
            self._state = self._state.isolated()

    def disable_isolation(self) -> None:
        """End the innermost isolation: every value, protection and callback is as before it. No-op outside of one."""
        outer = self._state.outer
        if outer is not None:
            self.restore(outer)

    @contextmanager
    def isolation(self) -> Iterator["IsolatedEnvironment"]:
        """Isolate what is in the ``with`` block."""
        before = self.checkpoint()
        self.enable_isolation()
        try:
            yield self
        finally:
            self.restore(before)

    def reset(self) -> None:
        """Undo every write since this isolation began; where nothing is isolated, every write there was."""
        with _LOCK:
            state = self._state
            if state.outer is None:
                for key, entry in state.entries.items():
                    self._put(key, entry.original)
        self.restore(state.cleared())

    def checkpoint(self) -> EnvironmentState:
        """Return a value to give to ``restore``."""
        return self._state

    def restore(self, checkpoint: EnvironmentState) -> None:
        """Go back to ``checkpoint``: values in isolation, protection, callbacks. Tells the callbacks what changed."""
        with _LOCK:
            before, self._state = self._state, checkpoint
            keys = sorted(before.entries.keys() | checkpoint.entries.keys()) if before.callbacks else ()
            moved = [(key, self._read(before, key), self._read(checkpoint, key)) for key in keys]
        changes = [
            Entry(value=new, source="restore", original=old).change(key) for key, old, new in moved if old != new
        ]
        _tell(before.callbacks, changes)

    def _write(self, values: Mapping[str, str | None], source: str) -> None:
        with _LOCK:
            state = self._state
            for key, value in values.items():
                _check(key, value)
                if key in state.protected:
                    raise ProtectedVariableError(
                        f"{key} is protected, and {source!r} tries to change it",
                        advice="Call unprotect first, or do not change it.",
                    )
            changes = []
            for key, value in values.items():
                old = self._read(state, key)
                known = state.entries.get(key)
                entry = Entry(value=value, source=source, original=known.original if known else old)
                state = state.with_entry(key, entry)
                if value != old:
                    changes.append(Entry(value=value, source=source, original=old).change(key))
            if state.outer is None:
                for key, value in values.items():
                    self._put(key, value)
            self._state = state
        _tell(state.callbacks, changes)

    def _read(self, state: EnvironmentState, key: str) -> str | None:
        if state.outer is not None and key in state.entries:
            return state.entries[key].value
        return self._process.get(key)

    def _all(self, state: EnvironmentState) -> dict[str, str]:
        found = dict(self._process)
        for key, entry in state.entries.items() if state.outer else ():
            if entry.value is None:
                found.pop(key, None)
            else:
                found[key] = entry.value
        return found

    def _put(self, key: str, value: str | None) -> None:
        """Write to the process environment."""
        if value is None:
            self._process.pop(key, None)
        else:
            self._process[key] = value


def _check(key: object, value: object) -> None:
    """Refuse what no process environment can hold. The value, which may be secret, is never in the message."""
    if not isinstance(key, str) or not (value is None or isinstance(value, str)):
        raise TypeError(f"an environment variable is text; {key!r} was given a {type(value).__name__}")
    if not key or "=" in key or "\0" in key or "\0" in (value or ""):
        raise ValueError(f"{key!r} cannot be set: a name is not empty and has no '=', and names and values have no NUL")


def _tell(callbacks: tuple[Callback, ...], changes: list[Change]) -> None:
    """Tell everybody, outside of the lock where the caller is."""
    for change in changes:
        for callback in callbacks:
            callback(change)


_ENV: Final = IsolatedEnvironment()


def get_env() -> IsolatedEnvironment:
    """Return the environment of this process; the same one for everybody, at import time too."""
    return _ENV
