"""The whole system for one module of tests alone: what it stops or kills, no other test has a part in."""

import os
from pathlib import Path

from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.stack import StackRequest, acquire
from msgspec.structs import replace

ROOT = Path(__file__).parents[1]


def own_stack(*names, name, variables):
    """Start services with what they depend on, on free ports; ``variables`` are added to the backend's environment."""
    table = read_table(ROOT)
    rows = (
        replace(row, variables=row.variables | variables) if row.name == "backend" else row for row in table.services
    )
    return acquire(
        StackRequest(services=names, worker=f"{name} {os.getpid()}", dynamic_ports=True),
        replace(table, services=tuple(rows)),
        ROOT,
        owner_pid=os.getpid(),
        report=print,
    )
