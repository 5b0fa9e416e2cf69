"""What may be shown of a value: a secret is not, and in doubt more is hidden rather than less."""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

MASK: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"key|secret|token|passw|passphrase|credential|private|auth|cookie|signature|salt|dsn"
    r"|(?<![a-z])(?:pass|pwd)(?![a-z])",
    re.IGNORECASE,
)
_PASSWORD: Final = re.compile(r"://[^:]*:(.*)@", re.DOTALL)
"""A password that is not percent-encoded may hold ``@``, ``/`` and ``#``: it ends at the last ``@`` there is."""
_WEB_LOGIN: Final = re.compile(r"\bhttps?://([^/?#\s@]+)@", re.IGNORECASE)
"""A token is often the user: ``https://TOKEN@host``, ``https://TOKEN:x-oauth-basic@host``."""
_QUERY: Final = re.compile(r"(?<=[?&])([^=&?\s]+)=([^&]*)")
_TOKEN: Final = re.compile(
    r"\b(?:gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|sk-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
"""What is a token by its own form, whatever stands before it."""
_HEADER: Final = re.compile(
    r"(?:\bbearer|\bauthorization['\"]?\s*[:=]\s*['\"]?(?:basic|token|bearer))\s+([\w.~+/=-]{8,})", re.IGNORECASE
)
_PAIR: Final = re.compile(r"(?:^|(?<=[\s;]))([\w.%-]+)\s*=(?=(.*))", re.DOTALL)
"""As in ``host=db password=hush``: where it ends depends on its quotes, so the rest goes with it."""

_SIGNS: Final = (
    *("://", "%", "bearer", "key", "secret", "token", "pass", "pwd", "credential", "private", "auth", "cookie"),
    *("signature", "salt", "dsn", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "akia", "asia", "sk-", "xox"),
    "eyj",
)
"""Without one of these, in small letters, a text holds nothing that a pattern finds. Percent signs may hide letters."""

Span = tuple[int, int]


def masked(name: str, text: str) -> str:
    """Return ``text`` as it may be shown: nothing of it where ``name`` sounds secret."""
    if not text:
        return text
    return MASK if sounds_secret(name) else without_secrets(text)


def sounds_secret(name: str) -> bool:
    """Return whether a variable, setting or query parameter of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(text: str) -> str:
    """Return ``text`` without the passwords of URLs, and without the values of parameters that sound secret."""
    if not may_hold_secrets(text):
        return text
    shown, end = [], 0
    for start, stop in _joined(_secrets(text)):
        shown += [text[end:start], MASK]
        end = stop
    return "".join([*shown, text[end:]])


def may_hold_secrets(text: str) -> bool:
    """Return False only if ``without_secrets`` returns ``text`` as it is: in a tenth of the time."""
    if not text.isascii():  # letters of other alphabets count as Latin ones where case is ignored
        return True
    small = text.lower()
    return any(sign in small for sign in _SIGNS)


def _secrets(text: str) -> Iterator[Span]:
    yield from (match.span(1) for match in _PASSWORD.finditer(text))
    yield from (match.span(1) for match in _WEB_LOGIN.finditer(text))
    yield from (match.span() for match in _TOKEN.finditer(text))
    yield from (match.span(1) for match in _HEADER.finditer(text))
    for pattern in (_QUERY, _PAIR):
        yield from (match.span(2) for match in pattern.finditer(text) if match[2] and sounds_secret(unquote(match[1])))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    # A password may hold what looks like a query, and a query what looks like a password: both are hidden whole.
    start, stop = -1, -1
    for span in sorted(spans):
        if span[0] > stop:
            if stop >= 0:
                yield start, stop
            start, stop = span
        else:
            stop = max(stop, span[1])
    if stop >= 0:
        yield start, stop
