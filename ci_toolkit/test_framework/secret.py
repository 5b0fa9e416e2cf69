"""A secret that is never shown: not in ``repr``, and not in what passes through ``masked``."""

import logging
from typing import Any, Final

from ci_toolkit.masking import MASK

_SHORTEST: Final = 6
"""What is shorter is a placeholder such as ``none``; hiding it would blot out ordinary words."""


class Secret:
    """A token or key; only ``reveal`` gives it out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return MASK if self._value else "Secret()"

    def __bool__(self) -> bool:
        return bool(self._value)

    def reveal(self) -> str:
        """Return the secret itself, for the one library that sends it."""
        return self._value

    def masked(self, text: str) -> str:
        """Return ``text`` without the secret."""
        return text.replace(self._value, MASK) if len(self._value) >= _SHORTEST else text


class MaskingLogger(logging.LoggerAdapter[logging.Logger]):
    """A library's logger that never writes the secret, at any level."""

    def __init__(self, name: str, secret: Secret) -> None:
        super().__init__(logging.getLogger(name), {})
        self._secret = secret

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log the text of the message without the secret."""
        if self.isEnabledFor(level):
            text = str(msg) % args if args else str(msg)
            super().log(level, "%s", self._secret.masked(text), **kwargs)
