"""Variables without which a service does not start."""

from ci_toolkit.isolated_environment import IsolatedEnvironment


def needed(env: IsolatedEnvironment, name: str) -> str:
    """Return a variable. Raises KeyError with its name where it is missing or empty."""
    value = env.get(name)
    if not value:
        raise KeyError(f"set the environment variable {name}: the service does not start without it")
    return value
