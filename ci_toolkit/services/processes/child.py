"""A child process that ends with its keeper: its user, its log, its end."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from ci_toolkit.model.record import Record
from ci_toolkit.services.processes.identity import parents
from ci_toolkit.services.processes.logs import tail_of

_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TZDIR")


class Account(Record, frozen=True, kw_only=True):
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Return whom root runs a server as that refuses root, or None where this process is not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    return Account(name="65534", uid=65534, gid=65534)


def can_drop_privileges() -> bool:
    """Whether a server that refuses root can be started here."""
    return os.geteuid() != 0 or _setpriv() is not None


def server_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server that shall not read the user's own settings, such as ``PGPORT``."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(variables)


class Child:
    """One child process."""

    def __init__(  # noqa: PLR0913 (each is a fact of one process, and has its default)
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path,
        environment: Mapping[str, str],
        account: Account | None = None,
        dies_by: signal.Signals = signal.SIGKILL,
        secrets: tuple[str, ...] = (),
        text: str = "",
    ) -> None:
        """Start ``command``, with its output in ``log`` and the short ``text`` as its input.

        The kernel sends it ``dies_by`` when the thread that made it ends, so make it from one that lives as long.
        """
        self._log = log
        self._secrets = secrets
        log.touch(mode=0o600)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*_with_its_keeper(account, dies_by), *command],
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if self._process.stdin is not None:
            with suppress(BrokenPipeError), self._process.stdin as pipe:  # one that has ended says why in its log
                pipe.write(text.encode())

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def tail(self) -> str:
        """Return the end of its log, and how it ended."""
        return "\n".join(filter(None, [tail_of(self._log, secrets=self._secrets), *self._end()]))

    def _end(self) -> list[str]:
        status = self._process.poll()
        if status is None:
            return []
        return [f"(killed by signal {-status})" if status < 0 else f"(exit status {status})"]

    def wait(self, seconds: float) -> int:
        """Return its exit status. Raises TimeoutExpired after ``seconds``."""
        return self._process.wait(seconds)

    def stop(self, by: signal.Signals, *, grace: float) -> None:
        """Ask it to end, and kill it after ``grace`` seconds."""
        self._process.send_signal(by)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """Kill it and every process below it."""
        if not self.is_alive():  # then its id may be another's by now
            return
        above = parents()
        doomed = {self.pid}
        while more := {pid for pid, parent in above.items() if parent in doomed} - doomed:
            doomed |= more
        for pid in sorted(doomed):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()


def _with_its_keeper(account: Account | None, dies_by: signal.Signals) -> list[str]:
    """Return the words before a command that drop its privileges and tie it to its parent.

    util-linux's ``setpriv`` does both, in the order that keeps the tie: changing the user would cut it.
    Without it the guard alone ends what a killed keeper leaves.
    """
    program = _setpriv()
    if program is None:
        assert account is None, "asked before by can_drop_privileges"
        return []
    user = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"] if account else []
    return [program, *user, f"--pdeathsig={dies_by.name.removeprefix('SIG')}", "--"]


@cache
def _setpriv() -> str | None:
    found = shutil.which("setpriv")
    return None if found is None or os.path.realpath(found).endswith("busybox") else found
