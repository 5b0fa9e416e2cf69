"""Where a change can be seen at work: the lines of Python that it wrote, as a process that runs them can tell."""

from ci_toolkit.model.changed_lines import Span
from ci_toolkit.model.record import Record


class TracedFile(Record, frozen=True, kw_only=True):
    """A Python file that a change wrote in."""

    path: str
    """Absolute, without links."""
    lines: tuple[Span, ...] = ()
    """Lines within functions, of the whole of each statement that the change wrote in."""
    at_import: bool = False
    """Whether it wrote in what runs when the file is imported."""
