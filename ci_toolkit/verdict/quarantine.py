"""What the quarantine means for a run: which failures it excuses, and what breaks its own rules.

It excuses a failure, never a test: one that fails as its entry says, and only as long as the entry lasts.
"""

from collections.abc import Iterator, Sequence

import msgspec

from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.quarantine import (
    QUARANTINE_FILE,
    LinesAlone,
    Quarantine,
    QuarantineEntry,
    QuarantineInForce,
    QuarantineStay,
    QuarantineUse,
    entries_of,
)
from ci_toolkit.model.verdict import Breach, Gate, TestFailure
from ci_toolkit.verdict.covered_alone import notes_on_alone, places_alone
from ci_toolkit.verdict.quarantine_rules import broken_rules

_SHORT_COMMIT = 12


def with_excuses(run: MergedRun, quarantine: QuarantineInForce | None) -> MergedRun:
    """Return ``run`` with each failure that is excused marked and counted, and each that is not told why."""
    if quarantine is None:
        return run
    alone = run.covered_alone.lines
    failures = tuple(_judged(failure, quarantine, alone) for failure in run.failures)
    flaky = (msgspec.structs.replace(_judged(failure, quarantine, alone), quarantined=False) for failure in run.flaky)
    excused = sum(1 for failure in failures if failure.quarantined)
    counts = msgspec.structs.replace(run.counts, quarantined=excused)
    return msgspec.structs.replace(run, failures=failures, flaky=tuple(flaky), counts=counts)


def excuses(quarantine: QuarantineInForce | None, failure: TestFailure) -> bool:
    """Return whether ``failure`` does not fail the run, as far as that can be said before the coverage is known."""
    return quarantine is not None and _excuse(failure, quarantine, ()) is not None


def quarantine_breaches(run: MergedRun, quarantine: QuarantineInForce | None) -> Iterator[Breach]:
    """Yield a breach for each rule of its own that the quarantine breaks."""
    if quarantine is None:
        return
    critical = {failure.node_id for failure in run.failures if failure.is_critical}
    critical |= {test.test for test in run.asked if test.is_critical}
    for broken in broken_rules(quarantine.file, quarantine.limits, quarantine.today, critical=critical):
        yield Breach(gate=Gate.QUARANTINE, message=f"{QUARANTINE_FILE}:{broken.line} {broken.what}")


def quarantine_notes(run: MergedRun, quarantine: QuarantineInForce | None) -> Iterator[str]:
    """Yield what a reader should hear of the quarantine beside its breaches."""
    if quarantine is None:
        return
    for test in run.asked:
        if test.is_gone:
            yield f"{test.test} is in {QUARANTINE_FILE} and does not exist (any more): correct or remove its entry"
    if quarantine.held_back:
        yield (
            f"a change cannot excuse its own failures: of {QUARANTINE_FILE} this counts only when it is on the base "
            f"({quarantine.base[:_SHORT_COMMIT]}): {'; '.join(quarantine.held_back)}"
        )
    excused = (entries_of(f.node_id, quarantine.entries) for f in run.failures if f.quarantined)
    failed = [failure.node_id for failure in run.failures]
    yield from notes_on_alone(run.covered_alone, failed, {entry.test for entries in excused for entry in entries})


def quarantine_use(run: MergedRun, quarantine: QuarantineInForce | None) -> QuarantineUse | None:
    """Return what the verdict on ``run`` says of the quarantine that it was judged with."""
    if quarantine is None:
        return None
    stays = (
        QuarantineStay(
            test=entry.test, owner=entry.owner, days=entry.days_by(quarantine.today), expires=str(entry.expires)
        )
        for entry in quarantine.file.entries
    )
    return QuarantineUse(
        digest=quarantine.file.digest,
        entries=len(quarantine.file.entries),
        base=quarantine.base,
        held_back=quarantine.held_back,
        alone=run.covered_alone.lines,
        stays=tuple(sorted(stays, key=lambda stay: (-stay.days, stay.test))),
    )


def in_both(file: Quarantine, base: Quarantine) -> tuple[tuple[QuarantineEntry, ...], tuple[str, ...]]:
    """Return what of ``file`` counts in a pull request whose base has ``base``, and in words what does not yet.

    A pull request can end an entry, take signatures from it and let it expire earlier, all at once. It cannot excuse
    its own failures: what it adds counts when it is on the base.
    """
    by_test = {entry.test: entry for entry in base.entries}
    counting: list[QuarantineEntry] = []
    held_back: list[str] = []
    for entry in file.entries:
        before = by_test.get(entry.test)
        if before is None:
            held_back.append(f"the entry of {entry.test}")
            continue
        new = [signature for signature in entry.signatures if signature not in before.signatures]
        held_back += [f"the signature {signature} of {entry.test}" for signature in new]
        if entry.expires > before.expires:
            held_back.append(f"the later end of {entry.test}")
        counting.append(
            msgspec.structs.replace(
                entry,
                signatures=tuple(signature for signature in entry.signatures if signature in before.signatures),
                expires=min(entry.expires, before.expires),
            )
        )
    return tuple(counting), tuple(held_back)


def _judged(failure: TestFailure, quarantine: QuarantineInForce, alone: Sequence[LinesAlone]) -> TestFailure:
    entries = entries_of(failure.node_id, quarantine.file.entries)
    if not entries:
        return failure
    excuse = _excuse(failure, quarantine, alone)
    if excuse is None:
        return msgspec.structs.replace(failure, why=_why_not(failure, entries, quarantine, alone))
    why = (
        f"in quarantine until {excuse.expires} ({excuse.owner}, {excuse.issue}): it failed as it did before, "
        f"signature {failure.signature}"
    )
    return msgspec.structs.replace(failure, quarantined=True, why=why)


def _excuse(failure: TestFailure, quarantine: QuarantineInForce, alone: Sequence[LinesAlone]) -> QuarantineEntry | None:
    if failure.is_critical or places_alone(failure.node_id, alone):
        return None
    entries = entries_of(failure.node_id, quarantine.entries)
    lasting = (entry for entry in entries if not entry.has_expired(quarantine.today))
    return next((entry for entry in lasting if _knows(entry, failure)), None)


def _why_not(
    failure: TestFailure,
    entries: tuple[QuarantineEntry, ...],
    quarantine: QuarantineInForce,
    alone: Sequence[LinesAlone],
) -> str:
    if failure.is_critical:
        return "it is mission-critical, and no quarantine excuses such a test"
    knowing = [entry for entry in entries if _knows(entry, failure)]
    if not knowing:
        known = sorted({signature for entry in entries for signature in entry.signatures})
        return (
            f"it is in quarantine, and failed in a new way: its signature {_new(failure, known)} is none of "
            f"{', '.join(known)}"
        )
    if all(entry.has_expired(quarantine.today) for entry in knowing):
        return f"its quarantine ended on {knowing[0].expires} ({knowing[0].owner}, {knowing[0].issue})"
    places = places_alone(failure.node_id, alone)
    if places:
        return f"it is in quarantine, and only tests in quarantine cover what the change wrote in {places}"
    return f"only this change excuses it in {QUARANTINE_FILE}, and a change cannot excuse its own failures"


def _new(failure: TestFailure, known: Sequence[str]) -> str:
    seen = dict.fromkeys((failure.signature, *(go.signature for go in failure.earlier)))
    return ", ".join(signature for signature in seen if signature not in known) or failure.signature


def _knows(entry: QuarantineEntry, failure: TestFailure) -> bool:
    return {failure.signature, *(go.signature for go in failure.earlier)} <= {*entry.signatures}
