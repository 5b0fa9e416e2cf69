"""Every way in which a service fails the run: each exits 4 and says what to do."""

from ci_toolkit.errors import InfrastructureError


class NoProviderError(InfrastructureError):
    """No provider can give a service here."""

    slug = "no-provider"


class MissingClientError(InfrastructureError):
    """A client library that the services need is not installed."""

    slug = "missing-client"


class PortTakenError(InfrastructureError):
    """Somebody else holds a service's port."""

    slug = "port-taken"


class WrongCredentialsError(InfrastructureError):
    """The server answers and refuses the table's user or password."""

    slug = "wrong-credentials"


class NotReadyError(InfrastructureError):
    """A server did not answer in its own protocol within its time limit."""

    slug = "not-ready"


class OutOfTimeError(InfrastructureError):
    """The run's own time was over before every server answered."""

    slug = "out-of-time"


class ServiceDiedError(InfrastructureError):
    """A server that was asked for ended by itself."""

    slug = "service-died"


class DiskFullError(InfrastructureError):
    """There is no room for a server's data."""

    slug = "disk-full"


class EngineError(InfrastructureError):
    """The Docker engine cannot be reached or refused."""

    slug = "docker-engine"


class ImageMissingError(InfrastructureError):
    """The image that the table names is neither here nor to be had."""

    slug = "image-missing"


class MigrationError(InfrastructureError):
    """The team's migrations failed on an empty database."""

    slug = "migration"


class JobFailedError(InfrastructureError):
    """A job of the table failed, or did not end."""

    slug = "job-failed"


class PluginError(InfrastructureError):
    """A plug-in for a protocol cannot be loaded, or does not do what plug-ins do."""

    slug = "protocol-plugin"


class KeeperError(InfrastructureError):
    """The process that keeps the servers could not be started or talked to."""

    slug = "keeper"
