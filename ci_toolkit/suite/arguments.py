"""In pytest: which of the arguments that name what to collect a shard has anything of."""

import importlib.util
import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from ci_toolkit.suite.selection import owned_folders

ALL_ARGUMENTS: pytest.StashKey[tuple[str, ...]] = pytest.StashKey()
"""pytest's arguments before a shard's were taken out of them."""


def ranks_of_arguments(config: pytest.Config) -> Mapping[str, int]:
    """Return at which place of all arguments each absolute path stands first: pytest collects in this order."""
    places = [_place_of(argument, config) for argument in config.stash[ALL_ARGUMENTS]]
    return {place: rank for rank, place in reversed(list(enumerate(places)))}


def arguments_with(files: AbstractSet[str], config: pytest.Config) -> list[str]:
    """Return those of pytest's arguments that ``files``, absolute paths, lie in: it rejects one without a test.

    To be set in pytest, not on its command line: the root, the ini file and the first conftest files are then found
    exactly as in a plain run.
    """
    ours = owned_folders(files) | files
    return [argument for argument in config.args if _place_of(argument, config) in ours]


def _place_of(argument: str, config: pytest.Config) -> str:
    path = argument.partition("::")[0]
    place = os.path.normpath(config.invocation_params.dir / path)
    if config.option.pyargs and not Path(place).exists():
        spec = importlib.util.find_spec(path)
        if spec is not None:
            return os.path.normpath((spec.submodule_search_locations or [str(spec.origin)])[0])
    return place
