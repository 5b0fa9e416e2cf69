"""The ports of the services, from the one table: what a test uses in place of a number.

The built-in table is the guide's; ``[tool.ci-toolkit.services]`` of the project around the working
directory changes it. ``TEST_PORTS`` and its siblings cannot be changed by a test.

Below ``ci-toolkit run --real-services``, ``TEST_PORTS`` has the ports of what that run brought up, and elsewhere the
planned ones. A team's own service has the port of the table where the run has one worker, and free ones where it has
several or ``services up`` runs one like it.
What is right in every run is the variables (``REDIS_URL``, ``DATABASE_URL``), the clients (``real_redis``, ``real_db``)
and the fixture ``test_config``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ci_toolkit.config.project import project_root
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment, Table
from ci_toolkit.services.handover import read_handover

_TABLE: Final = read_table(project_root(Path.cwd()))


def ports_of(table: Table, variables: Mapping[str, str]) -> Mapping[str, int]:
    """Return the ports of the test environment, as ``variables`` say where a run has brought services up."""
    planned = table.ports(ServiceEnvironment.TEST)
    if read_handover(variables).owner is None:
        return MappingProxyType(planned)
    said = {name: variables.get(f"{name.upper().replace('-', '_')}_PORT", "") for name in planned}
    return MappingProxyType(planned | {name: int(port) for name, port in said.items() if port.isdigit()})


TEST_PORTS: Final[Mapping[str, int]] = ports_of(_TABLE, os.environ)
"""The ports of the test environment."""

ALPINE_TEST_PORTS: Final[Mapping[str, int]] = MappingProxyType(_TABLE.ports(ServiceEnvironment.TEST_ALPINE))
"""The ports of the test environment with the small images."""

DEV_PORTS: Final[Mapping[str, int]] = MappingProxyType(_TABLE.ports(ServiceEnvironment.DEV))
"""The ports of the development environment."""
