"""Shows a setting without the secret in it."""

import re

MASK = "****"
_SECRET_WORD = re.compile(r"(^|[-_])(token|secret|password|passwd|key|credential)s?($|[-_])", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^/:@\s]*):[^/@\s]*@", re.IGNORECASE)


def masked(name: str, value: object) -> str:
    """Return ``value`` as text; ``****`` for a setting that is named like a secret, and for a password in a URL."""
    if value in (None, "", ()):
        return ""
    if _SECRET_WORD.search(name):
        return MASK
    if isinstance(value, tuple | list):
        return ", ".join(masked(name, part) for part in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _CREDENTIALS.sub(rf"\g<scheme>\g<user>:{MASK}@", text)
