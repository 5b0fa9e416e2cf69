"""The log of a server, of which a message shows the end."""

from pathlib import Path
from typing import Final

_TAIL_BYTES: Final = 4000
_TAIL_LINES: Final = 20


def tail_of(log: Path) -> str:
    """Return the last lines of ``log``, empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-_TAIL_LINES:])
    except OSError:
        return ""
