"""PostgreSQL as a child process, on a copy of a snapshot that holds the team's migrated database."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ci_toolkit.files import replace_file
from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.databases.migrations import migrate, migrations_digest
from ci_toolkit.services.databases.sql import quoted
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.services.processes.binaries import beside, server_program
from ci_toolkit.services.processes.child import Child, server_environment, unprivileged
from ci_toolkit.services.providers.native.server import Server, native_endpoint
from ci_toolkit.services.providers.provider import LABEL, ServiceRequest
from ci_toolkit.services.readiness.probe import ProbeResult, ProbeStatus
from ci_toolkit.services.readiness.signs import Question, by_protocol
from ci_toolkit.services.readiness.waiting import died
from ci_toolkit.services.storage.folders import disk_trouble, own_folder, remove_folder
from ci_toolkit.services.storage.snapshots import Snapshots, digest

_INITDB_SECONDS: Final = 60
_SHUTDOWN_SECONDS: Final = 20
_SOCKET_LIMIT: Final = 90
"""A socket's path may have about 104 bytes, of which PostgreSQL's own name takes some."""
_INITDB: Final = (
    "--auth=scram-sha-256",
    "--no-sync",
    "--no-instructions",
    "--encoding=UTF8",
    "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C",
    "--wal-segsize=1",  # MiB: a snapshot is copied for every session
)
_SETTINGS: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "dynamic_shared_memory_type": "mmap",  # in the data directory, so that it is removed with it
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}

_STARTING: Final = ProbeResult(status=ProbeStatus.STARTING, reason="it has not written that it is ready")


def start(request: ServiceRequest) -> Server:
    """Start PostgreSQL on a copy of its snapshot, which is made first where there is none."""
    program = server_program(Protocol.POSTGRESQL)
    try:
        return _Cluster(request, program).run()
    except OSError as error:
        raise disk_trouble(error, request.folder) from error


class _Cluster:
    """One data directory and what serves it."""

    def __init__(self, request: ServiceRequest, program: Path) -> None:
        self.request = request
        self.program = program
        self.account = unprivileged()
        self.data = request.folder / "data"
        self.snapshots = Snapshots(Path(request.cache), request.session)

    def run(self) -> Server:
        """Serve the migrated data directory. A snapshot that does not serve, as after a power cut, is made anew."""
        if self.request.is_again:
            return self._serve_ready("on the data that it had")
        if not self._prepare():
            return self._serve_ready("new snapshot")
        try:
            return self._serve_ready("warm snapshot")
        except ServiceDiedError:
            remove_folder(self.data)
            self.request = replace(self.request, is_fresh=True)
            self._prepare()
            return self._serve_ready("new snapshot in place of a broken one")

    def _serve_ready(self, detail: str) -> Server:
        server = self.serve(stops_by=signal.SIGQUIT)
        return server.until_ready(self.request, detail=detail, question=self._question())

    def _question(self) -> Question:
        """Return what asks it once it has written that it is ready: asked before, it starts a process to refuse."""
        ask = by_protocol(native_endpoint(self.request), self.request.service)
        return lambda seconds: ask(seconds) if self._says_it_is_ready() else _STARTING

    def _says_it_is_ready(self) -> bool:
        try:
            return (self.data / "postmaster.pid").read_bytes().rstrip().endswith(b"ready")
        except OSError:  # it makes the file when it starts
            return False

    def _prepare(self) -> bool:
        """Put the migrated data directory in its place and return whether a snapshot of it was there."""
        migrations = self.request.service.migrations
        empty = self._key()
        if not migrations.command and not migrations.files:
            return self._obtain(empty, self._make_empty)
        migrated = digest(empty, migrations_digest(migrations, Path(self.request.root)))
        return self._obtain(migrated, lambda: self._make_migrated(empty))

    def _obtain(self, key: str, build: Callable[[], None]) -> bool:
        return self.snapshots.obtain(key, self.data, build, is_fresh=self.request.is_fresh)

    def _key(self) -> str:
        """Return the digest of all that decides what is in a cluster before the migrations."""
        login = self.request.service.credentials
        uid = self.account.uid if self.account else os.getuid()
        return digest(
            self._version(), str(self.program), str(uid), *_INITDB, login.user, login.password, login.database
        )

    def _version(self) -> str:
        """Return what the program says of itself. It is asked once: loading it takes a tenth of a warm start."""
        status = self.program.stat()
        facts = (str(self.program), str(status.st_size), str(status.st_mtime_ns), str(status.st_ino))
        note = own_folder(Path(self.request.cache) / "versions") / digest(*facts)
        with suppress(FileNotFoundError):
            return note.read_text(encoding="utf-8")
        told = subprocess.run([self.program, "--version"], check=True, capture_output=True, text=True, timeout=10)
        replace_file(note, told.stdout.encode())
        return told.stdout

    def _make_empty(self) -> None:
        """Make a cluster with the team's database."""
        self._initialize()
        login = self.request.service.credentials
        if login.database == "postgres":
            return
        # In single-user mode, for a server would have to be started and stopped for one statement.
        single_user = ("--single", "-F", "-j", "-c", "exit_on_error=on", "-D", str(self.data), "postgres")
        statement = f"CREATE DATABASE {quoted(login.database)}"
        self._finish(self._child(self.program, *single_user, text=statement), "CREATE DATABASE of postgresql")

    def _make_migrated(self, empty: str) -> None:
        """Run the team's migrations on a cluster with an empty database."""
        self._obtain(empty, self._make_empty)
        with self._served():
            migrate(self.request.service, native_endpoint(self.request), Path(self.request.root))

    @contextmanager
    def _served(self) -> Iterator[None]:
        """Serve the data directory while the context lasts, then shut it down cleanly."""
        server = self.serve(stops_by=signal.SIGINT).until_ready(self.request, question=self._question())
        try:
            yield
        finally:
            server.stop()

    def serve(self, *, stops_by: signal.Signals) -> Server:
        """Start the server on the data directory: SIGINT stops it cleanly, SIGQUIT at once."""
        # The socket's path has to be short; without one there is TCP all the same.
        sockets = self.data if len(str(self.data)) < _SOCKET_LIMIT else ""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        where = ["-D", str(self.data), "-p", str(self.request.port), "-h", LOOPBACK, "-k", str(sockets)]
        child = self._child(self.program, *where, *settings, dies_by=signal.SIGQUIT)
        grace = _SHUTDOWN_SECONDS if stops_by is signal.SIGINT else 2.0
        return Server(child, stops_by=stops_by, grace=grace, pauses_by=signal.SIGINT)

    def _initialize(self) -> None:
        """Run initdb; the password goes through a file that only the server's user reads."""
        login = self.request.service.credentials
        secret = self.request.folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(login.password, encoding="utf-8")
        self.data.mkdir(mode=0o700)
        if self.account is not None:
            for path in (secret, self.data):
                os.chown(path, self.account.uid, self.account.gid)
        where = (f"--pgdata={self.data}", f"--pwfile={secret}", f"--username={login.user}")
        initdb = self._child(beside(self.program, "initdb"), *where, *_INITDB)
        try:
            self._finish(initdb, "initdb of postgresql")
        finally:
            secret.unlink(missing_ok=True)

    def _finish(self, child: Child, name: str) -> None:
        """Wait for a program that makes the data directory. Raises an InfrastructureError if it fails."""
        try:
            status = child.wait(_INITDB_SECONDS)
        finally:
            child.stop(signal.SIGKILL, grace=1)
        if status != 0:
            raise died(name, child.tail(), when="while it made an empty data directory")

    def _child(self, *command: str | Path, dies_by: signal.Signals = signal.SIGKILL, text: str = "") -> Child:
        return Child(
            command,
            log=self.request.log,
            secrets=self.request.secrets,
            cwd=self.data,
            environment=server_environment({LABEL: self.request.session, **self.request.service.variables}),
            account=self.account,
            dies_by=dies_by,
            text=text,
        )
