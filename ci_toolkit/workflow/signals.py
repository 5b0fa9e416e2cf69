"""Turns Ctrl-C and SIGTERM into a request to stop, so that what finished is kept."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from ci_toolkit.suite.options import StopRequest


@contextlib.contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Ask ``stop`` when SIGINT or SIGTERM arrives, while the context lasts."""

    def ask(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a handler)
        stop.ask(signal.Signals(signum).name)

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(signum, ask) for signum in signals]
    try:
        yield
    finally:
        for signum, handler in zip(signals, before, strict=True):
            signal.signal(signum, handler)
