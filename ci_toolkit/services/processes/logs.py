"""Reads the end of a server's log for a message, and copies logs without passwords."""

from base64 import b64encode
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

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


def tail_of(log: Path, *, secrets: Collection[str] = ()) -> str:
    """Return what may be shown of the last lines of ``log``, empty where there is none."""
    try:
        data, left_out = _end_of(log, _TAIL_BYTES)
    except OSError:
        return ""
    lines = data.decode(errors="replace").splitlines()
    whole = lines[1:] if left_out and len(lines) > 1 else lines  # half a password at the cut would stand there
    return "\n".join(lines_shown(whole[-_TAIL_LINES:], secrets))


def copy_log(log: Path, copy: Path, *, secrets: Collection[str] = ()) -> None:
    """Write what may be shown of ``log`` to ``copy``: without passwords, and of a huge one the end, saying so."""
    data, left_out = _end_of(log, KEPT_BYTES)
    notice = f"[ci-toolkit left out the first {left_out} bytes of this log]\n" if left_out else ""
    lines = data.decode(errors="replace").split("\n")[bool(left_out) :]  # the first of an end is half a line
    replace_file(copy, (notice + "\n".join(lines_shown(lines, secrets))).encode())


def _end_of(log: Path, most: int) -> tuple[bytes, int]:
    """Return the last bytes of ``log``, and how many there are before them."""
    with log.open("rb") as file:
        left_out = max(0, log.stat().st_size - most)
        file.seek(left_out)
        return file.read(most), left_out


def lines_shown(lines: Collection[str], secrets: Collection[str]) -> Iterator[str]:
    """Yield what may be shown of each line: no password in a URL or after ``password=``, none of ``secrets``."""
    known = {form for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)}
    hidden = sorted(known, key=len, reverse=True)
    yield from (_shown(line, hidden) for line in lines)


def _forms(secret: str) -> Iterator[str]:
    """Yield ``secret`` as a line may hold it: as it is, in a URL, in base64, and each line of several."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret), b64encode(secret.encode()).decode())
    yield from (part for part in secret.splitlines() if len(part) >= _SHORTEST_SECRET)


def _shown(line: str, hidden: Collection[str]) -> str:
    for secret in hidden:
        line = line.replace(secret, MASK)
    if len(line) <= _LONGEST_LINE:
        return without_secrets(line)
    # With the sign that ends a password in a URL: one that was cut in two is then hidden as well.
    return without_secrets(f"{line[:_LONGEST_LINE]}@").removesuffix("@") + " [cut]"
