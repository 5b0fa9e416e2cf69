"""The names by which the framework's plugins find each other and their option."""

from typing import Final

DYNAMIC_PORTS: Final = "--dynamic-ports"
"""The option that a project with ``[tool.ci-toolkit]`` gets, unless another plugin has one of that name."""
SERVICES_REPORT: Final = "ci-toolkit-services-report"
"""The plugin that reports on the services, and the key of what an xdist worker sends to the controller's."""
