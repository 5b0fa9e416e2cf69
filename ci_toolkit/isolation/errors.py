"""The errors of isolation: each exits 4 and says what to do."""

from ci_toolkit.errors import InfrastructureError


class IsolationError(InfrastructureError):
    """What a test wrote to the services could not be undone, or a worker's database could not be made."""

    slug = "isolation"


class NoAnswerError(IsolationError):
    """A connection broke before the answer was whole; the server itself may be well."""

    slug = "no-answer"


class StrayConnectionError(IsolationError):
    """A test left a connection open that holds uncommitted changes, or locks."""

    slug = "stray-connection"


class NoFreeDatabaseError(IsolationError):
    """Every logical database of a server is held by a running test session."""

    slug = "no-free-database"
