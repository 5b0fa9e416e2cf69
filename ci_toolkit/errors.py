"""Every way in which ci-toolkit stops, each with its exit code and a slug to look up."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a ci-toolkit command's exit status means."""

    PASSED = 0
    FAILED = 1
    """A test or a gate failed."""
    USAGE = 2
    """The command line, the configuration or an input file cannot be used."""
    NOTHING_TO_RUN = 3
    INFRASTRUCTURE = 4
    """A service, the disk or another part of the machine failed."""
    INCOMPLETE = 5
    """Some test has no trustworthy outcome."""
    BUG = 70
    INTERRUPTED = 130


class ToolkitError(Exception):
    """An expected stop: the message says what happened, where, and what to do.

    ``slug`` names the kind of error for scripts, and its entry in ``docs/errors.md``.
    """

    exit_code: ExitCode = ExitCode.USAGE
    slug: str = "usage"

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  {self.advice}" if self.advice else self.message

    @property
    def explained(self) -> str:
        """The message as a user sees it: with the name of its kind, and where that is explained."""
        return f"[{self.slug}]: {self}\n  See docs/errors.md#{self.slug}"


class ConfigurationError(ToolkitError):
    """A setting in ``pyproject.toml`` or the environment cannot be used."""

    slug = "configuration"


class FormatError(ToolkitError):
    """A file that ci-toolkit reads is not what it should be."""

    slug = "format"


class PlanMismatchError(ToolkitError):
    """A shard was asked to follow a plan that does not fit this checkout."""

    slug = "plan-mismatch"


class MissingExtraError(ToolkitError):
    """An option needs a package that an extra of ci-toolkit installs, and it is not installed."""

    slug = "missing-extra"


class NothingToRunError(ToolkitError):
    """The selection holds no test."""

    exit_code = ExitCode.NOTHING_TO_RUN
    slug = "nothing-to-run"


class InfrastructureError(ToolkitError):
    """Something beneath the tests failed: a service, a disk, an interpreter."""

    exit_code = ExitCode.INFRASTRUCTURE
    slug = "infrastructure"
