"""What a suite's own options ask of the whole run, as one of its processes finds them."""

from ci_toolkit.model.record import Record


class CoverageSettings(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the suite's own options and files tell pytest-cov about the whole run."""

    config_file: str = ""
    """``--cov-config``, seen from the folder that pytest runs in; ``""`` where coverage finds its own."""
    pythonpath: tuple[str, ...] = ()
    """pytest's ``pythonpath``, seen from there: a plugin of coverage can lie in the project."""
    fail_under: float = 0.0
    """The percentage that the whole must reach; 0 is no demand."""
    precision: int = 0
    """To how many digits the percentage is rounded before it is compared."""
    asked_by: str = ""
    """The setting that the demand stands in, such as ``--cov-fail-under``."""


class OwnReport(Record, frozen=True, kw_only=True):
    """A report file of the whole run that the suite's own options ask for."""

    option: str
    """Such as ``--junitxml`` or ``--cov-report=json``."""
    path: str = ""
    """Seen from the folder that pytest runs in; ``""`` is the option's own default."""
    is_overwritten: bool = False
    """Whether a file that was there holds the shard's part now."""
