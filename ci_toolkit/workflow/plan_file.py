"""Reads ``plan.json`` where a command is given one."""

from pathlib import Path

from ci_toolkit.errors import FormatError, PlanMismatchError
from ci_toolkit.model.plan import Plan, plan_from_json
from ci_toolkit.suite.checkout import commit_of


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


def check_commit(plan: Plan, folder: Path) -> None:
    """Raise PlanMismatchError where another commit is checked out in ``folder`` than the plan was made for."""
    here = commit_of(folder)
    if plan.commit and here and here != plan.commit:
        raise PlanMismatchError(
            f"the plan is for commit {plan.commit[:12]}, and {here[:12]} is checked out here",
            advice="Check out the planned commit in every job, or plan again.",
        )
