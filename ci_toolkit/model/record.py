"""The base of every record, and JSON in and out of records with errors that name the file."""

import re
from typing import TypeVar

import msgspec

from ci_toolkit.errors import FormatError


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An immutable value with named fields. Subclasses repeat ``kw_only``, which is not inherited."""


R = TypeVar("R")
_encoder = (
    msgspec.json.Encoder()
)  # bound: tests may replace msgspec's functions, and records are written while they run
_to_builtins = msgspec.to_builtins
_ESCAPE = "\\udc"
_ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")


def to_json(record: object) -> bytes:
    """Return ``record`` as indented UTF-8 JSON with a final newline, the same bytes for equal records."""
    return msgspec.json.format(encode(record), indent=2) + b"\n"


def encode(value: object) -> bytes:
    """Return ``value`` as one line of JSON. Lone surrogates, which have no JSON form, are escaped."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_escaped(_to_builtins(value)))


def escape_surrogates(text: str) -> str:
    r"""Return ``text`` in the form that records have: a lone surrogate is written as ``\udcXX``.

    Python reads a byte of a file name that is not UTF-8 as such a surrogate (PEP 383).
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def restore_surrogates(text: str) -> str:
    """Return the text that ``escape_surrogates`` wrote, so that a path leads to its file again."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if _ESCAPE in text else text


def _escaped(value: object) -> object:
    if isinstance(value, str):
        return escape_surrogates(value)
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
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
