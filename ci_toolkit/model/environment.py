"""What ran the tests: shards that differ in it are told."""

from ci_toolkit.model.record import Record


class Environment(Record, frozen=True, kw_only=True):
    """What ran the tests."""

    python: str
    implementation: str
    platform: str
    pytest: str
    plugins: tuple[str, ...] = ()
    """``name-version`` of the pytest plugins, sorted."""
