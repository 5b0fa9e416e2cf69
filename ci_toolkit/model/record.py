"""The base of every record, and JSON in and out of records with errors that name the file."""

from typing import TypeVar

import msgspec

from ci_toolkit.errors import FormatError


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An immutable value with named fields. Subclasses repeat ``kw_only``, which is not inherited."""


R = TypeVar("R")


def to_json(record: object) -> bytes:
    """Return ``record`` as indented UTF-8 JSON with a final newline, the same bytes for equal records."""
    return msgspec.json.format(encode(record), indent=2) + b"\n"


def encode(value: object) -> bytes:
    r"""Return ``value`` as one line of JSON.

    A lone surrogate (a file name that is not UTF-8) has no JSON form; it is written as ``\udcXX`` text.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_printable(msgspec.to_builtins(value)))


def _printable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return value


class _Versioned(msgspec.Struct):
    schema: int = 0


def from_json(data: bytes, kind: type[R], *, schema: int, origin: str) -> R:
    """Read a versioned record from ``data``.

    ``origin`` says where ``data`` is from. Raises FormatError if it is not JSON, of another
    schema version than ``schema``, or of another shape than ``kind``.
    """
    noun = kind.__name__.lower()
    try:
        found = msgspec.json.decode(data, type=_Versioned).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(
            f"{origin} is not a {noun}: {error}", advice="Write it anew; it may be cut short or hand-edited."
        ) from error
    if found != schema:
        raise FormatError(
            f"{origin} is a {noun} of format version {found}; this ci-toolkit reads version {schema}",
            advice="Use the same ci-toolkit version in every job of one run, or write the file anew.",
        )
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"{origin} is not a valid {noun}: {error}", advice="Write it anew.") from error
