"""The base of a journal's records."""

from ci_toolkit.model.record import Record


class Line(Record, frozen=True, kw_only=True, tag_field="t", omit_defaults=True, gc=False):
    """One line of a journal. It holds no cycle, so the garbage collector need not follow a million of them."""
