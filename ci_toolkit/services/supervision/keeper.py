"""The keeper: one process that starts a session's servers, watches them, and ends with its owner.

Two processes share the work, and either cleans up after the other. The guard (``guard.py``) is made first, forks the
keeper and waits for it; when the keeper ends, however it ends, the guard ends what it left running and removes its
files. When the guard is killed, the keeper ends too and does the same in its place.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.errors import ToolkitError
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.processes.identity import Owner, owner_of, wait_for_an_end
from ci_toolkit.services.providers.provider import LABEL
from ci_toolkit.services.storage.folders import disk_trouble, own_folder
from ci_toolkit.services.supervision import guard
from ci_toolkit.services.supervision import messages as talk
from ci_toolkit.services.supervision.launch import Launch
from ci_toolkit.services.supervision.session import Card, Death, Wish, note_death, open_session, remove_card, write_card

_WATCH_SECONDS: Final = 0.5
"""How often the servers are looked at once they are ready."""
_IS_READY: Final = b"\xff"
"""On the pipe that wakes the main thread: no signal has this number, or the next."""
_HAS_FAILED: Final = b"\xfe"


def main() -> int:
    """Read the wish from standard input and keep the session until it ends."""
    try:
        wish = msgspec.json.decode(sys.stdin.buffer.readline(), type=Wish)
    except msgspec.DecodeError:
        return 0  # whoever asked died in mid-sentence
    os.chdir("/")
    os.environ[LABEL] = wish.session
    guarding = _myself()
    guard.adopt_orphans()
    waiting, go = os.pipe()
    keeper = os.fork()
    if keeper:
        os.close(waiting)
        return _guard(wish, keeper, go=go)
    os.close(go)
    if os.read(waiting, 1):  # the guard has opened the session; else it died or failed, and nothing is running
        _Keeper(wish, guarding).keep()
    if not guarding.is_alive:
        guard.become_guard(guard.traces_of(wish))
    os._exit(0)  # at once: threads may still be starting something, which the guard is to end


def _guard(wish: Wish, keeper: int, *, go: int) -> int:
    """Open the session, let the keeper go, and clean up after it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the keeper is told to end, and then so does this
    try:
        open_session(wish)
        os.write(go, b"!")
    except OSError as error:
        talk.say(talk.failed(disk_trouble(error, Path(wish.registry))))
    except ToolkitError as error:
        talk.say(talk.failed(error))
    finally:
        os.close(go)
        talk.hang_up()
    guard.clean_up_after(keeper, guard.traces_of(wish))
    return 0


class _Keeper:
    """Starts a session's servers, and waits until it is to end."""

    def __init__(self, wish: Wish, guarding: Owner) -> None:
        self._wish = wish
        self._registry = Path(wish.registry)
        self._guarding = guarding
        self._owners = [guarding, *([wish.owner] if wish.owner else [])]
        self._launch = Launch(wish, lambda text: talk.say(talk.Told(text=text)))
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
        remove_card(self._registry, self._wish.session)
        self._launch.stop()

    def _wake_on_signals(self) -> None:
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
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
            card = self._started()
            os.write(self._woken, _IS_READY)  # first, for then whoever waits hangs up
            talk.say(talk.Ready(card=card))
        except ToolkitError as error:
            self._give_up(talk.failed(error))
        except OSError as error:
            self._give_up(talk.failed(disk_trouble(error, self._wish.data_folder)))
        except BaseException as error:  # noqa: BLE001 (a bug of ours; whoever waits has to hear of it)
            self._give_up(talk.failed(KeeperError(f"the keeper failed: {error!r}", advice="Please report this.")))
        finally:
            talk.hang_up()

    def _give_up(self, message: talk.Failed) -> None:
        talk.say(message)
        os.write(self._woken, _HAS_FAILED)

    def _started(self) -> Card:
        own_folder(self._wish.data_folder)
        self._launch.start()
        wish = self._wish
        card = Card(
            session=wish.session,
            guard=self._guarding,
            keeper=_myself(),
            owner=wish.owner,
            root=wish.root,
            environment=wish.environment,
            data=wish.data,
            services=wish.services,
            migrations=wish.migrations,
            endpoints=self._launch.endpoints,
        )
        write_card(self._registry, card)
        return card

    def _watch(self) -> None:
        """Note servers that end by themselves, until the session is to end."""
        noted: set[str] = set()
        while not wait_for_an_end(self._owners, wakes=[self._wake], seconds=_WATCH_SECONDS):
            if self._next_byte():
                return
            for name, running in self._launch.dead():
                if name not in noted:
                    noted.add(name)
                    note_death(self._registry, self._wish.session, Death(service=name, reason=running.tail()))


def _myself() -> Owner:
    return owner_of(os.getpid()) or Owner(pid=os.getpid())


if __name__ == "__main__":
    sys.exit(main())
