"""Looks into documents that others wrote, YAML or TOML: any value in them may be of another kind than is usual."""

from collections.abc import Iterator, Mapping
from typing import Any


def table(value: object, *keys: str) -> Mapping[str, Any]:
    """Return the mapping below ``keys`` of ``value``, empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def entries(value: object) -> Iterator[Any]:
    """Yield what is in the list, and nothing where it is none."""
    yield from value if isinstance(value, list) else ()


def text_of(value: object) -> str:
    """Return the string, and ``""`` for anything else."""
    return value if isinstance(value, str) else ""
