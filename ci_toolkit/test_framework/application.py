"""The adopter's application, as the base classes and helpers see it: a small Protocol, implemented once.

``[tool.ci-toolkit.framework] application = "module:name"`` names it.
"""

import importlib
from collections.abc import Mapping
from typing import Any, Protocol

from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.test_framework.settings import read_framework_settings

Services = Mapping[str, Any]
"""What the fixture ``real_services`` holds, such as ``db``, ``redis`` and ``backend_url``."""

_PAGE = "docs/test-framework.md"


class User(Protocol):
    """Somebody who may log in."""

    @property
    def token(self) -> str:
        """What the user shows when connecting."""
        ...


class Agent(Protocol):
    """Something that can be told to work."""

    async def execute(self, message: str) -> Any:
        """Do what ``message`` asks."""
        ...


class Application(Protocol):
    """What an adopter implements. What no test needs may be missing; a test that needs it says so by name."""

    async def create_user(self, services: Services, *, email: str, subscription: str) -> User:
        """Create a real user, as the running application knows it."""
        ...

    async def get_thread(self, services: Services, thread_id: str) -> Any:
        """Return the thread as it was persisted, or ``None``."""
        ...


class AgentApplication(Application, Protocol):
    """An application that has its own way with agents; the rest run them over the WebSocket."""

    def create_agent(self, name: str) -> Agent:
        """Return the agent called ``name``."""
        ...

    def agent_request(self, agent: str, message: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a client sends over the WebSocket to make ``agent`` work."""
        ...


class ApplicationError(ConfigurationError):
    """The framework was not told how to reach the application, or it lacks what a test needs."""

    slug = "application"


def load_application() -> Any:
    """Return the object that the settings name. Raises ApplicationError saying what is missing."""
    settings, origin = read_framework_settings()
    if not settings.application:
        raise ApplicationError(
            f"{origin} does not name the application under test",
            advice=f"Implement Application once ({_PAGE}) and set application = 'package.module:name'.",
        )
    module_name, _, name = settings.application.partition(":")
    where = f"{origin} application = {settings.application!r}"
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ApplicationError(
            f"{where}: {error}", advice="Put its folder on pytest's `pythonpath`, or correct the name."
        ) from error
    found = getattr(module, name or "application", None)
    if found is None:
        raise ApplicationError(f"{where}: {module_name} has no '{name}'", advice=nearest(name, dir(module), "names"))
    return found() if isinstance(found, type) or callable(found) else found


def needed(application: object, method: str, *, by: str) -> Any:
    """Return a method of the application. Raises ApplicationError where it has none."""
    found = getattr(application, method, None)
    if found is None:
        kind = type(application)
        raise ApplicationError(
            f"{kind.__module__}.{kind.__qualname__} has no method '{method}', which {by} needs",
            advice=f"Implement it as the Protocol in {_PAGE} says.",
        )
    return found
