"""The log of a server: its end for a message, and a copy for those who read it when the server is gone."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from ci_toolkit.files import replace_file
from ci_toolkit.masking import MASK, without_secrets

KEPT_BYTES: Final = 1_000_000
"""Of a longer log only the end is copied."""
_LONGEST_LINE: Final = 4000
"""What a server says is short, and a test can make it repeat whatever it was sent."""
_SHORTEST_SECRET: Final = 6
"""A shorter password, such as the built-in table's, is a placeholder; hiding it would blot out ordinary words."""
_TAIL_BYTES: Final = 4000
_TAIL_LINES: Final = 20


def tail_of(log: Path) -> str:
    """Return the last lines of ``log``, empty where there is none."""
    try:
        data, _ = _end_of(log, _TAIL_BYTES)
    except OSError:
        return ""
    return "\n".join(data.decode(errors="replace").splitlines()[-_TAIL_LINES:])


def copy_log(log: Path, copy: Path, *, secrets: Collection[str] = ()) -> None:
    """Write what may be shown of ``log`` to ``copy``: without passwords, and of a huge one the end, saying so."""
    data, left_out = _end_of(log, KEPT_BYTES)
    told = f"[ci-toolkit left out the first {left_out} bytes of this log]\n" if left_out else ""
    hidden = sorted((secret for secret in secrets if len(secret) >= _SHORTEST_SECRET), key=len, reverse=True)
    lines = data.decode(errors="replace").split("\n")[bool(left_out) :]  # the first of an end is half a line
    replace_file(copy, (told + "\n".join(_shown(line, hidden) for line in lines)).encode())


def _end_of(log: Path, most: int) -> tuple[bytes, int]:
    """Return the last bytes of ``log``, and how many there are before them."""
    with log.open("rb") as file:
        left_out = max(0, log.stat().st_size - most)
        file.seek(left_out)
        return file.read(most), left_out


def _shown(line: str, hidden: Collection[str]) -> str:
    for secret in hidden:
        line = line.replace(secret, MASK)
    if len(line) <= _LONGEST_LINE:
        return without_secrets(line)
    # With the sign that ends a password in a URL: one that was cut in two is then hidden as well.
    return without_secrets(f"{line[:_LONGEST_LINE]}@").removesuffix("@") + " [cut]"
