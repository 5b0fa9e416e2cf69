"""The quarantine as text for a terminal."""

from collections.abc import Iterator
from datetime import date

from ci_toolkit.model.quarantine import QUARANTINE_FILE, Quarantine, QuarantineEntry
from ci_toolkit.model.wording import number_of
from ci_toolkit.report.text import one_line


def lines_of(quarantine: Quarantine, today: date) -> Iterator[str]:
    """Yield the lines, what ends next first."""
    if not quarantine.entries:
        yield f"no test is in quarantine ({QUARANTINE_FILE} has no entry)"
    for entry in sorted(quarantine.entries, key=lambda entry: (entry.expires, entry.test)):
        yield one_line(entry.test)
        yield f"  {one_line(entry.owner)}, {one_line(entry.issue)}: {one_line(entry.reason)}"
        yield f"  {_span(entry, today)}; signatures {', '.join(entry.signatures)}"


def _span(entry: QuarantineEntry, today: date) -> str:
    stay = f"since {entry.since} ({number_of(max(0, (today - entry.since).days), 'day')})"
    if entry.has_expired(today):
        return f"{stay}, ended on {entry.expires}: it counts no more"
    return f"{stay}, until {entry.expires} ({number_of((entry.expires - today).days, 'day')} left)"
