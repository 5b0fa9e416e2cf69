"""How taking a test's traces out of the services fails: each error exits 4 and says what to do."""

from ci_toolkit.errors import InfrastructureError


class IsolationError(InfrastructureError):
    """A test's traces could not be taken out of the services."""

    slug = "isolation"


class StrayConnectionError(IsolationError):
    """A test left a connection open that holds uncommitted changes."""

    slug = "stray-connection"


class NoFreeDatabaseError(IsolationError):
    """Every logical database of a server is held by a running test session."""

    slug = "no-free-database"
