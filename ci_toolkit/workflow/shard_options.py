"""How the shards of a plan run: what `ci-toolkit run` and `ci-toolkit shard` have in common."""

import os
from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.model.plan import Plan
from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.options import ShardOptions
from ci_toolkit.workflow.category_selection import CategorySelection
from ci_toolkit.workflow.lineage import here
from ci_toolkit.workflow.run_identity import run_attempt
from ci_toolkit.workflow.stop_rules import StopRules


def shard_options(
    plan: Plan, folder: Path, selection: CategorySelection, rules: StopRules, variables: Mapping[str, str]
) -> ShardOptions:
    """Return how shards of ``plan`` run in ``folder``, as far as no option of a command says more."""
    return ShardOptions(
        root=str((folder / plan.root).resolve()),
        folder=str(folder),
        pytest_args=(*plan.pytest_args, *plan.arguments),
        categories=selection.categories.every,
        longest_test_seconds=rules.longest_test_seconds,
        critical_first=rules.may_end_early,
        commit=commit_of(folder),
        apart=() if rules.quarantine is None else rules.quarantine.excusing,
        lineage=here(folder, os.environ),
        run_attempt=run_attempt(os.environ),
        variables=tuple(variables.items()),
    )
