"""The keeper: one process that starts a session's servers, watches them, and ends with its owner.

Two processes share the work, and either cleans up after the other. The guard (``guard.py``) is made first, forks the
keeper and waits for it; when the keeper ends, however it ends, the guard ends what it left running and removes its
files. When the guard is killed, the keeper ends too and does the same in its place.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.errors import ToolkitError
from ci_toolkit.services.catalog import surroundings
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.processes.identity import ProcessIdentity, identity_of, wait_for_an_end
from ci_toolkit.services.processes.logs import copy_log
from ci_toolkit.services.processes.program_search import program_search_path
from ci_toolkit.services.providers.provider import LABEL, LOG
from ci_toolkit.services.storage.folders import disk_trouble, own_folder
from ci_toolkit.services.supervision import guard, messages, orders
from ci_toolkit.services.supervision.launch import Launch
from ci_toolkit.services.supervision.session import (
    Death,
    SessionInfo,
    SessionRequest,
    forget_death,
    note_stopped,
    open_session,
    record_death,
    remove_info,
    write_info,
)

_WATCH_SECONDS: Final = 0.5
"""How often the servers are looked at once they are ready."""
_IS_READY: Final = b"\xff"
"""On the pipe that wakes the main thread: no signal has this number, or the next."""
_HAS_FAILED: Final = b"\xfe"
_IS_ORDERED: Final = bytes([orders.SIGNAL])


def main() -> int:
    """Read the request from standard input and keep the session until it ends."""
    try:
        request = msgspec.json.decode(sys.stdin.buffer.readline(), type=SessionRequest)
    except msgspec.DecodeError:
        return 0  # whoever asked died in mid-sentence
    os.chdir("/")
    os.environ[LABEL] = request.session
    os.environ["PATH"] = program_search_path(os.environ)
    surroundings.correct()
    guarding = _myself()
    guard.adopt_orphans()
    waiting, go = os.pipe()
    keeper = os.fork()
    if keeper:
        os.close(waiting)
        return _guard(request, keeper, go=go)
    os.close(go)
    if os.read(waiting, 1):  # the guard has opened the session; else it died or failed, and nothing is running
        _Keeper(request, guarding).keep()
    if not guarding.is_alive:
        guard.become_guard(guard.files_of(request))
    os._exit(0)  # at once: threads may still be starting something, which the guard is to end


def _guard(request: SessionRequest, keeper: int, *, go: int) -> int:
    """Open the session, let the keeper go, and clean up after it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the keeper is told to end, and then so does this
    try:
        open_session(request)
        os.write(go, b"!")
    except OSError as error:
        messages.send(messages.failure_of(disk_trouble(error, Path(request.registry))))
    except ToolkitError as error:
        messages.send(messages.failure_of(error))
    finally:
        os.close(go)
        messages.close()
    guard.clean_up_after(keeper, guard.files_of(request))
    return 0


class _Keeper:
    """Starts a session's servers, and waits until it is to end."""

    def __init__(self, request: SessionRequest, guarding: ProcessIdentity) -> None:
        self._request = request
        self._registry = Path(request.registry)
        self._guarding = guarding
        self._owners = [guarding, *([request.owner] if request.owner else [])]
        self._launch = Launch(request, lambda text: messages.send(messages.Progress(text=text)))
        self._wake, self._woken = os.pipe()

    def keep(self) -> None:
        """Keep the session from its start to its end."""
        os.setsid()  # a signal to the guard's group shall not meet both
        guard.adopt_orphans()  # for the case that this has to clean up in the guard's place
        self._wake_on_signals()
        threading.Thread(target=self._start, daemon=True).start()
        # Standard input ends when whoever waits for the session dies or gives up.
        has_ended = wait_for_an_end(self._owners, wakes=[self._wake, sys.stdin.fileno()])
        if not has_ended and self._next_byte() == _IS_READY:
            self._watch()
        remove_info(self._registry, self._request.session)
        self._launch.stop()

    def _wake_on_signals(self) -> None:
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, orders.SIGNAL):
            # Its number comes out of the pipe. Ignored signals would be inherited by the servers, handlers are not.
            signal.signal(number, lambda *_: None)

    def _next_byte(self) -> bytes:
        try:
            return os.read(self._wake, 1)
        except BlockingIOError:
            return b""

    def _start(self) -> None:
        """Start everything, say how it went, and wake the main thread."""
        try:
            info = self._started()
            os.write(self._woken, _IS_READY)  # first, for then whoever waits hangs up
            messages.send(messages.Ready(info=info))
        except ToolkitError as error:
            self._give_up(messages.failure_of(error))
        except OSError as error:
            self._give_up(messages.failure_of(disk_trouble(error, self._request.data_folder)))
        except BaseException as error:  # noqa: BLE001 (a bug of ours; whoever waits has to hear of it)
            self._give_up(
                messages.failure_of(KeeperError(f"the keeper failed: {error!r}", advice="Please report this."))
            )
        finally:
            messages.close()

    def _give_up(self, message: messages.Failed) -> None:
        with suppress(OSError):  # what failed is told all the same
            self._save_logs()
        messages.send(message)
        os.write(self._woken, _HAS_FAILED)

    def _save_logs(self) -> None:
        """Copy what the services have written, before it goes with the session."""
        for service in self._request.services if self._request.logs else ():
            log = self._request.data_folder / service.name / LOG
            if log.exists():
                Path(self._request.logs).mkdir(parents=True, exist_ok=True)
                copy = Path(self._request.logs) / f"{service.name}{self._request.mark}.log"
                copy_log(log, copy, secrets=service.secrets)

    def _started(self) -> SessionInfo:
        own_folder(self._request.data_folder)
        self._launch.start()
        request = self._request
        info = SessionInfo(
            session=request.session,
            guard=self._guarding,
            keeper=_myself(),
            owner=request.owner,
            root=request.root,
            environment=request.environment,
            data=request.data,
            services=request.services,
            worker=request.worker,
            migrations=request.migrations,
            endpoints=self._launch.endpoints,
        )
        write_info(self._registry, info)
        return info

    def _obey_orders(self, noted: set[str]) -> None:
        for order in orders.taken(self._registry, self._request.session):
            noted.discard(order.service)
            # A thread each, for whoever starts a server has to live as long as that.
            threading.Thread(target=self._obey, args=(order,), daemon=True).start()

    def _obey(self, order: orders.Order) -> None:
        failure = None
        try:
            self._carry_out(order)
        except ToolkitError as error:
            failure = messages.failure_of(error)
        except BaseException as error:  # noqa: BLE001 (a bug of ours; whoever waits has to hear of it)
            failure = messages.failure_of(KeeperError(f"the keeper failed: {error!r}", advice="Please report this."))
        note_stopped(self._registry, self._request.session, self._launch.ended)
        orders.answer(self._registry, self._request.session, order, failure)
        threading.Event().wait()  # for ever: the kernel ties a child to the thread that made it

    def _carry_out(self, order: orders.Order) -> None:
        if order.action is orders.Action.START:
            self._launch.start_again(order.service)
            forget_death(self._registry, self._request.session, order.service)
        else:
            self._launch.end(order.service, by_force=order.action is orders.Action.KILL)

    def _watch(self) -> None:
        """Note servers that end by themselves, until the session is to end."""
        noted: set[str] = set()
        while not wait_for_an_end(self._owners, wakes=[self._wake], seconds=_WATCH_SECONDS):
            woken_by = self._next_byte()
            if woken_by == _IS_ORDERED:
                self._obey_orders(noted)
            elif woken_by:
                return
            for name, running in self._launch.dead():
                if name not in noted:
                    noted.add(name)
                    record_death(self._registry, self._request.session, Death(service=name, reason=running.tail()))


def _myself() -> ProcessIdentity:
    return identity_of(os.getpid()) or ProcessIdentity(pid=os.getpid())
