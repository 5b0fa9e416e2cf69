"""The ports of the services, from the one table: what a test uses in place of a number.

The built-in table is the guide's; ``[tool.ci-toolkit.services]`` of the project around the working
directory changes it. ``TEST_PORTS`` and its siblings cannot be changed by a test.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ci_toolkit.config.project import project_root
from ci_toolkit.services.settings import read_table
from ci_toolkit.services.table import Environment

_TABLE: Final = read_table(project_root(Path.cwd()))

TEST_PORTS: Final[Mapping[str, int]] = MappingProxyType(_TABLE.ports(Environment.TEST))
"""The ports of the test environment."""

ALPINE_TEST_PORTS: Final[Mapping[str, int]] = MappingProxyType(_TABLE.ports(Environment.TEST_ALPINE))
"""The ports of the test environment with the small images."""

DEV_PORTS: Final[Mapping[str, int]] = MappingProxyType(_TABLE.ports(Environment.DEV))
"""The ports of the development environment."""
