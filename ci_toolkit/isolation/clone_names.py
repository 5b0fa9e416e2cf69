"""The mark by which the databases that workers own are known among those of a server."""

from typing import Final

MARK: Final = "__ci_toolkit_"
"""Stands in the name of every clone, between the template's name and the run's id."""
