"""The quarantine as text for a terminal, and entries that could be added to it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from ci_toolkit.config.quarantine_edit import entry_text
from ci_toolkit.model.quarantine import QUARANTINE_FILE, Quarantine, QuarantineEntry
from ci_toolkit.model.record import Record
from ci_toolkit.model.standing import SeenSignature, Standing
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line

USUAL_DAYS = 30
"""How long an entry lasts unless somebody says otherwise."""


class Listed(Record, frozen=True, kw_only=True):
    """One entry, and how its test has done."""

    entry: QuarantineEntry
    days: int
    """For how long it has stood in the quarantine."""
    has_expired: bool
    standing: Standing | None
    """None where no run of it is recorded."""


class Listing(Record, frozen=True, kw_only=True):
    """The quarantine as JSON."""

    schema: int = 1
    digest: str
    entries: tuple[Listed, ...]


def listing_of(quarantine: Quarantine, standings: Mapping[str, Standing], today: date) -> Listing:
    """Return the quarantine as a script reads it, in the order of the file."""
    return Listing(
        digest=quarantine.digest,
        entries=tuple(
            Listed(
                entry=entry,
                days=entry.days_by(today),
                has_expired=entry.has_expired(today),
                standing=standings.get(entry.test),
            )
            for entry in quarantine.entries
        ),
    )


def lines_of(quarantine: Quarantine, standings: Mapping[str, Standing], today: date) -> Iterator[str]:
    """Yield the lines, what ends next first; ``standings`` has what is recorded of each test."""
    if not quarantine.entries:
        yield f"no test is in quarantine ({QUARANTINE_FILE} has no entry)"
        return
    for entry in sorted(quarantine.entries, key=lambda entry: (entry.expires, entry.test)):
        yield one_line(entry.test)
        yield f"  {one_line(entry.owner)}, {one_line(entry.issue)}: {one_line(entry.reason)}"
        yield f"  {_span(entry, today)}; {_clean(standings.get(entry.test))}"
        yield f"  signatures {', '.join(entry.signatures)}"
    yield from _by_owner(quarantine.entries, today)


def suggestion_lines(found: Mapping[str, Standing], today: date) -> Iterator[str]:
    """Yield the lines to add for the tests ``found``, each with its evidence as comments."""
    for test, standing in sorted(found.items(), key=lambda pair: (-pair[1].failures, pair[0])):
        yield f"# {_evidence(standing)}"
        yield from (_seen(signature) for signature in standing.signatures)
        yield from entry_text(_entry(test, standing, today)).splitlines()
        yield ""


def left_out_lines(left_out: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each test that is not suggested, with why."""
    for test, why in sorted(left_out.items()):
        yield f"ci-toolkit: {one_line(test)} is not suggested: {one_line(why, 500)}"


def _span(entry: QuarantineEntry, today: date) -> str:
    stay = f"since {entry.since} ({number_of(entry.days_by(today), 'day')})"
    if entry.has_expired(today):
        return f"{stay}, ended on {entry.expires}: it counts no more"
    return f"{stay}, until {entry.expires} ({number_of((entry.expires - today).days, 'day')} left)"


def _clean(standing: Standing | None) -> str:
    if standing is None or not standing.goes:
        return "no run of it is recorded"
    done = ": `quarantine release` takes it out" if standing.is_clean else ""
    return f"clean passes {standing.shown} in distinct orders{done}"


def _by_owner(entries: Sequence[QuarantineEntry], today: date) -> Iterator[str]:
    of_owner: dict[str, list[QuarantineEntry]] = defaultdict(list)
    for entry in entries:
        of_owner[entry.owner].append(entry)
    longest = sorted(of_owner.items(), key=lambda pair: (-max(entry.days_by(today) for entry in pair[1]), pair[0]))
    yield "-- by owner, the longest stay first --"
    for owner, owned in longest:
        days = max(entry.days_by(today) for entry in owned)
        yield f"  {number_of(len(owned), 'test'):>8}, the longest for {number_of(days, 'day')}: {one_line(owner)}"


def _entry(test: str, standing: Standing, today: date) -> QuarantineEntry:
    return QuarantineEntry(
        test=test,
        reason="",
        owner="",
        issue="",
        since=today,
        expires=today + timedelta(days=USUAL_DAYS),
        signatures=tuple(seen.signature for seen in standing.signatures),
    )


def _evidence(standing: Standing) -> str:
    ends = (standing.first_failed_at, standing.last_failed_at)
    first, last = (datetime.fromtimestamp(at, tz=UTC).date() for at in ends)
    days = f"on {first}" if first == last else f"from {first} to {last}"
    return (
        f"failed {standing.failures} of {number_of(standing.goes, 'time')} {days}; on {standing.flips} of "
        f"{number_of(standing.trees, 'tree')} on which it failed, it also passed"
    )


def _seen(signature: SeenSignature) -> str:
    return f"# {signature.signature}, {number_of(signature.times, 'time')}: {one_line(signature.text)}"
