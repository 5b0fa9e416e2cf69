"""Which services a test needs, read from its fixtures and its marker before it runs."""

from typing import Final, NamedTuple

import pytest

MARKER: Final = "real_services"
_DATABASE: Final = frozenset({"real_db", "real_db_fixture", "real_db_sync", "clean_database"})
_REDIS: Final = frozenset({"real_redis", "real_redis_fixture", "real_redis_sync"})
_ALL: Final = frozenset({"real_services", "real_services_fixture"})


class Needs(NamedTuple):
    """What a test needs: stores by their kind, or (``if_known``) those that the project's table has."""

    database: bool
    redis: bool
    if_known: bool
    services: tuple[str, ...] = ()
    """The names that its marker has: services that are ready, and in the environment, before it begins."""


NOTHING: Final = Needs(database=False, redis=False, if_known=False)


def needs_of(item: pytest.Item) -> Needs:
    """Return what the fixtures and the marker of a test ask for."""
    names = frozenset(getattr(item, "fixturenames", ()))
    markers = list(item.iter_markers(MARKER))
    if markers or names & _ALL:
        services = tuple(dict.fromkeys(str(name) for marker in markers for name in marker.args))
        return Needs(database=True, redis=True, if_known=True, services=services)
    return Needs(database=bool(names & _DATABASE), redis=bool(names & _REDIS), if_known=False)
