"""A merged run that passed, and what can be wrong with it."""

from typing import Any

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MergedRun, MergedShard
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.verdict import Counts, LostTest, Proof, TestFailure, Verdict

PLAN = Plan(
    plan_id="f" * 64,
    commit="c0ffee",
    mode="ci",
    shards=(
        PlannedShard(index=1, estimated_seconds=30.0, units=()),
        PlannedShard(index=2, estimated_seconds=40.0, units=()),
    ),
    lower_bound_seconds=35.0,
    makespan_seconds=40.0,
)
PROOF = Proof(planned_files=2, collected_files=2, collected_tests=5, outcomes=5, statement="it adds up")
LOST = LostTest(node_id="test_a.py::test_a", shard=1, reason="never ran")
FAILURE = TestFailure(node_id="test_a.py::test_a", file="test_a.py", line=3, message="assert 0", shard=2)


def a_shard(index: int = 1, state: ShardState = ShardState.FINISHED, **also: Any) -> MergedShard:
    fields = {"reason": "", "tests": 5, "actual_seconds": 20.0, **also}
    return MergedShard(index=index, state=state, **fields)


def a_run(**also: Any) -> MergedRun:
    """A run that passed, but for what ``also`` says."""
    fields = {
        "plan": PLAN,
        "counts": Counts(total=5, passed=5),
        "shards": (a_shard(1), a_shard(2)),
        "lost": (),
        "failures": (),
        "flaky": (),
        "slowest": (),
        "problems": (),
        "coverage": None,
        "proof": PROOF,
        **also,
    }
    return MergedRun(**fields)


def answer(verdict: Verdict) -> tuple[str, int, list[tuple[str, str]]]:
    """Return a verdict as tables of decisions show it: status, exit code, broken gates with their messages."""
    return str(verdict.status), verdict.exit_code, [(breach.gate, breach.message) for breach in verdict.breaches]
