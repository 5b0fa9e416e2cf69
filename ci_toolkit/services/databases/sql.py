"""Quotes names and values for SQL, and the error of a statement; light, for it imports no driver."""


class SqlError(Exception):
    """A statement failed, or the connection did; ``code`` is the server's SQLSTATE, empty where it gave none."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} (SQLSTATE {code})" if code else message)
        self.code = code


def quoted(identifier: str) -> str:
    """Return ``identifier`` quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return ``text`` as a SQL string; needs ``standard_conforming_strings``, the default since 9.1."""
    return "'" + text.replace("'", "''") + "'"
