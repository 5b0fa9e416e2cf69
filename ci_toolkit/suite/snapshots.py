"""In pytest: takes from syrupy the judgement on unused snapshots, for a shard sees a part of what uses them."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from ci_toolkit.model.journal_end import Snapshots
from ci_toolkit.model.record import escape_surrogates

_IS_DEMANDED: pytest.StashKey[bool] = pytest.StashKey()


def leave_judging_snapshots_to_the_merge(config: pytest.Config) -> None:
    """Let syrupy neither fail on unused snapshots nor remove them."""
    option: Any = config.option
    if not hasattr(option, "warn_unused_snapshots"):
        return
    config.stash[_IS_DEMANDED] = not (option.warn_unused_snapshots or option.update_snapshots)
    option.warn_unused_snapshots = True
    config.pluginmanager.register(_KeepsSnapshots(), "ci-toolkit-keeps-snapshots")


class _KeepsSnapshots:
    """Keeps syrupy from removing the snapshots of other shards under ``--snapshot-update``."""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Take the removal away: not every version of syrupy has an option for it."""
        syrupy: Any = getattr(session.config, "_syrupy", None)
        if syrupy is not None:
            syrupy.remove_unused_snapshots = _do_nothing


def _do_nothing(*_: object, **__: object) -> None:
    pass


def snapshots_of(config: pytest.Config) -> Snapshots | None:
    """Return what the tests of this process made of the snapshots that it found, or None where syrupy is not active."""
    report: Any = getattr(getattr(config, "_syrupy", None), "report", None)
    if report is None or _IS_DEMANDED not in config.stash:
        return None
    root = str(config.rootpath)
    used, unused = set(_names(report.used, root)), set(_names(report.unused, root))
    # A module that was not collected here is another shard's: what is said of its snapshots comes from there.
    is_foreign = getattr(report, "_owning_module_not_collected", lambda _: False)
    ours = [collection for collection in report.discovered if not is_foreign(collection.location)]
    excused = set(_names(ours, root)) - unused
    return Snapshots(
        kept=tuple(sorted(used | excused)), unused=tuple(sorted(unused)), is_demanded=config.stash[_IS_DEMANDED]
    )


def _names(collections: Iterable[Any], root: str) -> Iterator[tuple[str, str]]:
    for collection in collections:
        place = os.path.relpath(collection.location, root).replace(os.sep, "/")
        for snapshot in collection:
            yield escape_surrogates(place), escape_surrogates(str(snapshot.name))
