"""Protocols that other packages bring: entry points of the group ``ci_toolkit.protocols``, named by their words.

Each is an object, or a class without arguments, that keeps ``ProtocolPlugin``; ``reset`` may be missing.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from ci_toolkit.errors import ToolkitError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "ci_toolkit.protocols"

T = TypeVar("T")


class ProtocolPlugin(Protocol):
    """What a plug-in does."""

    def ask(self, endpoint: Endpoint, seconds: float) -> str:
        """Ask the server once, for at most about ``seconds``; return its version, empty where it says none.

        Raises OSError as long as it is not ready, PermissionError where it refuses the login of the table, and
        ValueError where it is another kind of server.
        """

    def reset(self, endpoint: Endpoint) -> None:
        """Take out what the last test left. Without this the server is restarted after each test that may use it."""


def installed() -> "dict[str, EntryPoint]":
    """Return the plug-ins of this environment by their protocols; the first of two of one name."""
    from importlib.metadata import entry_points

    return {point.name: point for point in reversed(tuple(entry_points(group=GROUP)))}


def ask(endpoint: Endpoint, seconds: float) -> str:
    """Ask as the plug-in of ``endpoint`` does. Raises what it may raise, and PluginError for everything else."""
    plugin = load(endpoint.plugin)
    answer = _called(endpoint.plugin, "ask", lambda: plugin.ask(endpoint, seconds), may_raise=(OSError, ValueError))
    if not isinstance(answer, str):
        raise _broken(endpoint.plugin, f"its ask() returned {answer!r}, which is no version")
    return answer


def can_reset(name: str) -> bool:
    """Whether the plug-in resets its servers by itself."""
    return callable(getattr(load(name), "reset", None))


def reset(endpoint: Endpoint) -> None:
    """Reset the server at ``endpoint``. Raises PluginError with what the plug-in raised."""
    plugin = load(endpoint.plugin)
    _called(endpoint.plugin, "reset", lambda: plugin.reset(endpoint))


@cache
def load(name: str) -> Any:
    """Return the plug-in that speaks ``name``. Raises PluginError where it cannot be loaded or is none."""
    point = installed().get(name)
    if point is None:
        raise PluginError(
            f"no plug-in speaks '{name}' here", advice=f"Install the package with this entry point of {GROUP}."
        )
    found = _called(name, "loading", point.load)
    plugin = _called(name, "making it", found) if isinstance(found, type) else found
    if not callable(getattr(plugin, "ask", None)):
        raise _broken(name, f"{point.value} has no ask(endpoint, seconds)")
    return plugin


def _called(name: str, what: str, call: Callable[[], T], *, may_raise: tuple[type[Exception], ...] = ()) -> T:
    try:
        return call()
    except may_raise:
        raise
    except ToolkitError:
        raise
    except Exception as error:  # code of others: whatever it raises is told, with whose it is
        raise _broken(name, f"{what} raised {type(error).__name__}: {error}") from error


def _broken(name: str, wrong: str) -> PluginError:
    point = installed().get(name)
    package = point.dist.name if point is not None and point.dist is not None else "an unknown package"
    return PluginError(
        f"the plug-in for protocol '{name}' of {package} is broken: {wrong}",
        advice="Tell whoever wrote it, or take another version of it.",
    )
