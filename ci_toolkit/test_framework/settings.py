"""``[tool.ci-toolkit.framework]``: how the test framework reaches the adopter's application."""

from pathlib import Path
from typing import Literal

import msgspec

from ci_toolkit.config.project import project_root, read_section, read_settings


class FrameworkSettings(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What a project says once."""

    application: str = ""
    """``module:name`` of the object, or of a callable without arguments that makes it, that implements Application."""
    websocket_path: str = "/ws"
    """Where the backend takes WebSocket connections."""
    docker_manager: Literal["docker", "native", "any"] = "docker"
    """Who may run what UnifiedDockerManager starts."""


def read_framework_settings(start: Path | None = None) -> tuple[FrameworkSettings, str]:
    """Return the settings of the project around ``start`` (the working directory), and where they stand."""
    table, origin = read_section(project_root(start or Path.cwd()), "framework")
    return read_settings(table, FrameworkSettings, where=origin), origin
