"""What the suite itself asks of the coverage of the whole run, as its shards' cards tell."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.model.merged import CoverageDemand


def config_of(bundles: Sequence[Bundle]) -> str:
    """Return coverage's own file of settings by which the shards measured, or ``""`` where coverage finds it.

    What the shards measured by is what the report must exclude by.
    """
    return next((card.coverage.config_file for card in (b.card for b in bundles) if card.coverage is not None), "")


def demand_of(bundles: Sequence[Bundle]) -> CoverageDemand | None:
    """Return the highest percentage that the suite's own settings ask for in any shard, if they ask."""
    told = [bundle.card.coverage for bundle in bundles if bundle.card.coverage is not None]
    highest = max(told, key=lambda settings: settings.fail_under, default=None)
    if highest is None or not highest.fail_under:
        return None
    return CoverageDemand(percent=highest.fail_under, precision=highest.precision, asked_by=highest.asked_by)


@contextmanager
def projects_own_plugins(bundles: Sequence[Bundle]) -> Iterator[None]:
    """Let coverage find plugins of the project's own where pytest found them: on its ``pythonpath``.

    A folder outside the one that we are in is passed over, and what can be imported without these is not looked for
    in them: a bundle is a stranger's.
    """
    here = Path.cwd().resolve()
    told = [path for bundle in bundles if bundle.card.coverage is not None for path in bundle.card.coverage.pythonpath]
    folders = [str(folder) for path in dict.fromkeys(told) if (folder := (here / path).resolve()).is_relative_to(here)]
    before = sys.path.copy()
    sys.path += folders
    try:
        yield
    finally:
        sys.path[:] = before
