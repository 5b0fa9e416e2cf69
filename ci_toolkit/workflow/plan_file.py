"""Reads ``plan.json`` where a command is given one."""

from pathlib import Path

from ci_toolkit.errors import FormatError
from ci_toolkit.model.plan import Plan, plan_from_json


def read_plan(path: Path) -> Plan:
    """Return the plan in ``path``. Raises FormatError if it is missing or no plan of this version."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {error.strerror}",
            advice="Write a plan with `ci-toolkit plan --shards N --out plan.json`.",
        ) from error
    return plan_from_json(data, origin=str(path))
