"""Snapshots of migrated databases as images of the engine, keyed by all that decides what is in them."""

from typing import Any, Final

from docker.errors import APIError

from ci_toolkit.services.containers.engine import SNAPSHOT_LABEL, Engine
from ci_toolkit.services.containers.leased import LeasedContainer

REPOSITORY: Final = "ci-toolkit/snapshot"
FOLDER: Final = "/ci-toolkit/snapshot"
"""Where the data lie in the image: not where the server runs, for that is in memory."""
_KEPT: Final = 6
"""How many stay, the last made ones."""

RESTORE: Final = f"""\
if [ -d {FOLDER} ]; then
    mkdir -p "$PGDATA" && cp -a {FOLDER}/. "$PGDATA" && rm -f "$PGDATA/postmaster.pid" || exit 1
fi"""
"""Shell lines that put a snapshot where the server looks for its data."""

_TAKE: Final = f"""\
mkdir -p {FOLDER} && kill -STOP -1 && cp -a "$PGDATA/." {FOLDER}; status=$?
kill -CONT -1
exit $status"""
"""Every process inside is held while its files are copied, so that they are of one moment; what the server then
has to do with them at its next start is what it does after a crash."""


def name_of(key: str) -> str:
    """Return the image for ``key``."""
    return f"{REPOSITORY}:{key}"


def is_there(engine: Engine, key: str) -> bool:
    """Whether there is a snapshot for ``key``."""
    with engine.asked_to("list images"):
        return bool(engine.api.images(name=name_of(key), quiet=True))


def take(container: LeasedContainer) -> None:
    """Copy the server's data, of this moment, inside its container."""
    container.execute(_TAKE)


def keep(engine: Engine, container: LeasedContainer, key: str) -> None:
    """Make an image of what was taken, and forget all but the last ones."""
    with engine.asked_to("keep a snapshot"):
        engine.api.commit(
            container.identity,
            repository=REPOSITORY,
            tag=key,
            pause=False,
            conf={"Labels": {SNAPSHOT_LABEL: key}},
        )
    forget(engine, but=_KEPT)


def forget(engine: Engine, *, but: int = 0) -> int:
    """Remove all snapshots but the last ``but``, except those that are in use; return how many went."""
    with engine.asked_to("list images"):
        found: list[dict[str, Any]] = engine.api.images(filters={"label": SNAPSHOT_LABEL})
    replaced = [image for image in found if not _has_name(image)]
    named = sorted(filter(_has_name, found), key=lambda image: int(image["Created"]), reverse=True)
    return sum(_remove(engine, image["Id"]) for image in [*replaced, *named[but:]])


def _has_name(image: dict[str, Any]) -> bool:
    """Whether no later snapshot has taken its name."""
    return any(name.startswith(REPOSITORY) for name in image["RepoTags"] or ())


def _remove(engine: Engine, image: str) -> bool:
    with engine.asked_to("remove an image"):
        try:
            engine.api.remove_image(image)
        except APIError:  # a container runs on it, or another session has removed it
            return False
    return True
