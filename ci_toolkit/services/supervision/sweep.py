"""Removes what dead sessions left: only what carries a session's label, and never a living session's."""

from collections.abc import Iterator

from ci_toolkit.services.ports.leases import forget_leases
from ci_toolkit.services.providers.chain import all_providers
from ci_toolkit.services.storage.folders import cache, data_home, registry, remove_folder
from ci_toolkit.services.storage.snapshots import partial_folder
from ci_toolkit.services.supervision.session import (
    data_folder_of,
    is_living,
    is_named_by,
    registry_lock,
    session_folder,
    sessions,
)


def has_dead_sessions() -> bool:
    """Whether a session ended together with its guard, which happens when both are killed at once."""
    return any(not is_living(registry(), session) for session in sessions(registry()))


def sweep() -> tuple[str, ...]:
    """Remove what dead sessions left and return a line about each thing removed."""
    with registry_lock(registry()):  # no session begins meanwhile
        return (*_swept_processes(), *_swept_folders())


def _swept_processes() -> Iterator[str]:
    for provider in all_providers():
        for session in sorted(provider.leftover_sessions()):
            if is_named_by(registry(), session) and not is_living(registry(), session):
                provider.remove(session)
                yield f"{provider.provider} servers of session {session}"


def _swept_folders() -> Iterator[str]:
    for session in sorted(_named()):
        if is_living(registry(), session):
            continue
        data = data_folder_of(registry(), session) or data_home() / session
        for folder in (data, partial_folder(cache(), session), session_folder(registry(), session)):
            if folder.exists():
                remove_folder(folder)
                yield str(folder)
    forget_leases(registry(), of=lambda session: not is_living(registry(), session))


def _named() -> set[str]:
    """Return every session that a folder of ours is named after."""
    folders = (registry() / "sessions", data_home(), cache() / "snapshots")
    names = {entry.name.removeprefix(".") for folder in folders if folder.is_dir() for entry in folder.iterdir()}
    return {name for name in names if is_named_by(registry(), name)}
