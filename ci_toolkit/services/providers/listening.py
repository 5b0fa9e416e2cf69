"""Names who listens on a port, a container included where Docker's SDK is here to ask for one."""

from ci_toolkit.services.ports.listeners import listener


def who_listens(port: int) -> str:
    """Return who listens on ``port``, as far as this user may see: a container, or a process id and its command."""
    try:
        from ci_toolkit.services.providers.docker.containers.port_publisher import publisher_of
    except ImportError:  # also where what is called docker is a folder of the project
        return listener(port)
    return listener(port, container_on=publisher_of)
