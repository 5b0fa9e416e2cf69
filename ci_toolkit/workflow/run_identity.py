"""Which run of CI this is: the name that a plan gives it, and its attempt."""

import uuid
from collections.abc import Mapping

from ci_toolkit.model.plan import Plan

ATTEMPT_VARIABLE = "GITHUB_RUN_ATTEMPT"
"""What GitHub counts up when somebody runs the failed jobs of a run again."""


def named(plan: Plan, environment: Mapping[str, str]) -> Plan:
    """Return ``plan`` as that of a new run: the bundles of every other run say nothing about it."""
    return plan.of_run(uuid.uuid4().hex, run_attempt(environment))


def run_attempt(environment: Mapping[str, str]) -> int:
    """Return which attempt of the CI run ``environment`` is of, from 1; what is no such number is 1."""
    text = environment.get(ATTEMPT_VARIABLE, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < len(str(2**31)) else 1
