"""Values as they may be shown: whatever looks like a secret is not."""

import re
from typing import Final

MASK: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"key|secret|token|passw|passphrase|credential|private|auth|cookie|signature|salt|dsn", re.IGNORECASE
)
_URL_LOGIN: Final = re.compile(r"(://[^/:?#\s@]*:)\S*@")


def masked(key: str, value: str | None) -> str | None:
    """Return ``value`` as it may be shown; hides it where ``key`` sounds secret, and the password in any URL."""
    if not value:
        return value
    return MASK if _SECRET_NAME.search(key) else _URL_LOGIN.sub(rf"\g<1>{MASK}@", value)
