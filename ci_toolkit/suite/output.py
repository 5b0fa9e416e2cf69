"""What an attempt's pytest printed, in the bundle while it grows."""

from pathlib import Path

TAIL_BYTES = 16_000


class Output:
    """The file that holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        """Return how many bytes there are so far."""
        return self.path.stat().st_size

    def tail(self) -> str:
        """Return the end of it."""
        return self.text_from(max(0, self.size() - TAIL_BYTES))

    def last_line(self) -> str:
        """Return the last line that says something, or ``""``."""
        return next((line.strip() for line in reversed(self.tail().splitlines()) if line.strip()), "")

    def text_from(self, start: int) -> str:
        """Return what follows the byte ``start``, or the first part of that."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(TAIL_BYTES).decode("utf-8", "replace")
