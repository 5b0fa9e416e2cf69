"""The services in Docker by hand: clean, start, stop, status."""

from ci_toolkit.cli.docker_manual import entry_point

entry_point()
