"""Logs as JSON, a line each, without secrets and without what users say.

``_LOG.info("...", extra={"fields": {...}})`` adds fields of its own to a line.
"""

import json
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

_SHORTEST: Final = 6
"""A shorter secret would mask words of every line."""
_TOKEN: Final = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?i:bearer)[ .][\w.~+/=-]+")
_MASK: Final = "***"


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON in which neither a secret nor a token shows."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = sorted((one for one in secrets if len(one) >= _SHORTEST), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._masked(record.getMessage()),
        }
        fields |= getattr(record, "fields", {})
        if record.exc_info:
            fields["traceback"] = self._masked(self.formatException(record.exc_info))
        return json.dumps(fields)

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return _TOKEN.sub(_MASK, text)


def log_as_json(secrets: Iterable[str]) -> None:
    """Have the whole process log so, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for client in ("httpx", "httpx2"):  # they log the address of each request
        logging.getLogger(client).setLevel(logging.WARNING)
