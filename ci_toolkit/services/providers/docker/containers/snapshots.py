"""Snapshots of migrated databases as images of the engine, keyed by all that decides what is in them."""

from typing import Any, Final

from docker.errors import APIError

from ci_toolkit.services.providers.docker.containers.engine import SNAPSHOT_LABEL, Engine
from ci_toolkit.services.providers.docker.containers.leased_container import LeasedContainer

REPOSITORY: Final = "ci-toolkit/snapshot"
_FOLDER: Final = "/ci-toolkit"
FILE: Final = f"{_FOLDER}/snapshot.tar"
"""Where the data lie in the image: one file, for a thousand small ones take five times as long to make.

The server does not run there, for that is in memory."""
_KEPT: Final = 6
"""How many stay, the last made ones."""

RESTORE: Final = f"""\
mkdir -p "$PGDATA" && tar -C "$PGDATA" -xpf {FILE} && rm -f "$PGDATA/postmaster.pid" || exit 1"""
"""Shell lines that put a snapshot where the server looks for its data."""

PACKED: Final = "ci-toolkit: took a snapshot of the empty database"
"""What a log says where the lines of PACK did their work."""
PACK: Final = f"""\
if [ -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p {_FOLDER} && tar -C "$PGDATA" -cf {FILE} . && echo "{PACKED}" || rm -f {FILE}
fi"""
"""Shell lines that take a snapshot before the server runs, and none where there is nothing to take."""

_TAKE: Final = f"""\
mkdir -p {_FOLDER} && kill -STOP -1 && tar -C "$PGDATA" -cf {FILE} .; status=$?
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
