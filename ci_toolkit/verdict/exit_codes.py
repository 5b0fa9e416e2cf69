"""The exit code of a command that runs shards, and of a run whose services failed."""

from collections.abc import Sequence

import msgspec

from ci_toolkit.errors import ExitCode
from ci_toolkit.model.bundle import BrokenBy, ShardCard, ShardState, StopKind
from ci_toolkit.model.verdict import Breach, Gate, Status, Verdict


def exit_code_of_shards(
    cards: Sequence[ShardCard], *, has_failures: bool, is_interrupted: bool, has_lost_service: bool = False
) -> ExitCode:
    """Return the worst of what became of the shards; one that did not collect all its files is incomplete first.

    ``has_lost_service`` says that a service failed under the tests.
    """
    if is_interrupted:
        return ExitCode.INTERRUPTED
    if has_lost_service or any(card.broken_by is BrokenBy.JOURNAL for card in cards):
        return ExitCode.INFRASTRUCTURE
    if any(card.broken_by is BrokenBy.UNCOLLECTED for card in cards):
        return ExitCode.INCOMPLETE
    if has_failures or any(card.stopped_by is StopKind.MAXFAIL for card in cards):
        return ExitCode.FAILED
    is_whole = all(card.state is ShardState.FINISHED or card.stopped_by.is_by_rule for card in cards)
    return ExitCode.PASSED if is_whole else ExitCode.INCOMPLETE


def despite_service_failure(verdict: Verdict, failure: str) -> Verdict:
    """Return ``verdict`` as it stands where a service failed under the tests: what they say is no answer then.

    ``failure`` says which service and how; ``""`` is none.
    """
    if not failure:
        return verdict
    return msgspec.structs.replace(
        verdict,
        status=Status.INCOMPLETE,
        exit_code=int(ExitCode.INFRASTRUCTURE),
        breaches=(Breach(gate=Gate.SERVICES, message=failure), *verdict.breaches),
    )
