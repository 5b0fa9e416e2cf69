"""A session, which is the servers of one keeper: its request, what it says about itself, and the files that hold it."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.files import replace_file
from ci_toolkit.model.record import Record, encode
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import Service, ServiceEnvironment
from ci_toolkit.services.processes.identity import ProcessIdentity
from ci_toolkit.services.providers.provider import LOG
from ci_toolkit.services.storage.folders import own_folder

_LOCK: Final = "lock"
_INFO: Final = "ready.json"
_DATA: Final = "data"
_DEATHS: Final = "deaths.json"
_STOPPED: Final = "stopped.json"


class SessionRequest(Record, frozen=True, kw_only=True):
    """What a keeper is asked for, on its standard input."""

    session: str
    root: str
    environment: ServiceEnvironment
    services: tuple[Service, ...]
    given: tuple[Endpoint, ...] = ()
    """What runs elsewhere and some of the services depend on, as these are to see it."""
    hidden: tuple[str, ...] = ()
    """Variables of who asks, with addresses of services: a team's own has those that it depends on, no others."""
    worker: str = ""
    """As in SessionInfo."""
    migrations: dict[str, str]
    """The digest of each service's migrations."""
    provider: Provider | None
    uses_what_runs: bool = False
    """A server that listens already is used beside ``provider``."""
    dynamic_ports: bool
    is_fresh: bool
    """Snapshots are made anew."""
    owner: ProcessIdentity | None
    """The session ends with it; None lets it live until it is taken down."""
    registry: str
    data: str
    cache: str
    requested_at: float
    """On the monotonic clock, which all processes of a machine share."""
    logs: str = ""
    """The folder that gets the logs of a session that does not become ready; nowhere without it."""
    mark: str = ""
    """What follows a service's name in the names of these logs."""

    @property
    def data_folder(self) -> Path:
        """Where the servers' data lie."""
        return Path(self.data) / self.session


class SessionInfo(Record, frozen=True, kw_only=True):
    """What a session says about itself when it is ready."""

    session: str
    guard: ProcessIdentity
    keeper: ProcessIdentity
    owner: ProcessIdentity | None
    root: str
    environment: ServiceEnvironment
    data: str
    services: tuple[Service, ...]
    worker: str = ""
    """The one worker of a run that its services are for, on whose databases they stand; empty where they are shared."""
    migrations: dict[str, str]
    endpoints: tuple[Endpoint, ...]

    def log(self, service: str) -> Path:
        """Return where the server writes its log; an external one writes it elsewhere."""
        return Path(self.data) / self.session / service / LOG

    def secrets_of(self, service: str) -> tuple[str, ...]:
        """Return what no line of the server's log may show."""
        return next((row.secrets for row in self.services if row.name == service), ())


class Death(Record, frozen=True, kw_only=True):
    """A server that ended by itself after it was ready."""

    service: str
    reason: str


def new_session(registry: Path) -> str:
    """Return a name for a session: the mark of its registry and a random part."""
    return f"{_mark(registry)}-{os.urandom(4).hex()}"


def is_named_by(registry: Path, name: str) -> bool:
    """Whether ``name`` is a session's of this registry: those of others are none of our business."""
    return re.fullmatch(rf"{_mark(registry)}-[0-9a-f]{{8}}", name) is not None


def _mark(registry: Path) -> str:
    return hashlib.sha256(os.fsencode(registry)).hexdigest()[:4]


def session_folder(registry: Path, session: str) -> Path:
    """Return the folder of ``session``, which exists while it lives."""
    return registry / "sessions" / session


@contextmanager
def registry_lock(registry: Path) -> Iterator[None]:
    """Keep the list of sessions as it is while the context lasts."""
    descriptor = os.open(own_folder(registry) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_session(request: SessionRequest) -> None:
    """Make the session's folder, alive for as long as this process lives."""
    registry = Path(request.registry)
    with registry_lock(registry):
        own_folder(registry / "sessions")
        folder = session_folder(registry, request.session)
        folder.mkdir(mode=0o700)
        (folder / _DATA).write_text(str(request.data_folder), encoding="utf-8")
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # kept open on purpose: the kernel lets go when the process ends


def data_folder_of(registry: Path, session: str) -> Path | None:
    """Return where the data of a session lie, dead or alive, if its folder says so."""
    try:
        return Path((session_folder(registry, session) / _DATA).read_text(encoding="utf-8"))
    except OSError:
        return None


def is_living(registry: Path, session: str) -> bool:
    """Whether the guard of ``session`` still runs."""
    try:
        descriptor = os.open(session_folder(registry, session) / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def sessions(registry: Path) -> tuple[str, ...]:
    """Return every session with a folder, living or dead."""
    with suppress(FileNotFoundError):
        return tuple(sorted(entry.name for entry in (registry / "sessions").iterdir()))
    return ()


def write_info(registry: Path, info: SessionInfo) -> None:
    """Write that the session is ready; the file holds passwords, and only this user may read it."""
    replace_file(session_folder(registry, info.session) / _INFO, encode(info), mode=0o600)


def remove_info(registry: Path, session: str) -> None:
    """Remove the info, so that nobody attaches to the session any more."""
    (session_folder(registry, session) / _INFO).unlink(missing_ok=True)


def ready_sessions(registry: Path) -> tuple[SessionInfo, ...]:
    """Return the cards of the living sessions that are ready."""
    found = (read_info(registry, session) for session in sessions(registry))
    return tuple(info for info in found if info is not None)


def read_info(registry: Path, session: str) -> SessionInfo | None:
    """Return the info of ``session``, or None where it is not ready, not alive or of another version."""
    try:
        info = msgspec.json.decode((session_folder(registry, session) / _INFO).read_bytes(), type=SessionInfo)
    except (OSError, msgspec.DecodeError):
        return None
    return info if info.keeper.is_alive and is_living(registry, session) else None


def record_death(registry: Path, session: str, death: Death) -> None:
    """Write down that a server of the session ended by itself."""
    path = session_folder(registry, session) / _DEATHS
    replace_file(path, encode((*deaths(registry, session), death)), mode=0o600)


def forget_death(registry: Path, session: str, service: str) -> None:
    """Take back that a server of the session has ended: it runs again."""
    left = tuple(death for death in deaths(registry, session) if death.service != service)
    replace_file(session_folder(registry, session) / _DEATHS, encode(left), mode=0o600)


def note_stopped(registry: Path, session: str, services: tuple[str, ...]) -> None:
    """Write down which services somebody has stopped, and not started again."""
    replace_file(session_folder(registry, session) / _STOPPED, encode(services), mode=0o600)


def stopped(registry: Path, session: str) -> tuple[str, ...]:
    """Return the services of the session that somebody has stopped."""
    try:
        return msgspec.json.decode((session_folder(registry, session) / _STOPPED).read_bytes(), type=tuple[str, ...])
    except (OSError, msgspec.DecodeError):
        return ()


def deaths(registry: Path, session: str) -> tuple[Death, ...]:
    """Return the servers of the session that ended by themselves."""
    try:
        return msgspec.json.decode((session_folder(registry, session) / _DEATHS).read_bytes(), type=tuple[Death, ...])
    except (OSError, msgspec.DecodeError):
        return ()
