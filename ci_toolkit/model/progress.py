"""What a running shard tells whoever watches."""

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.record import Record


class ShardStarted(Record, frozen=True, kw_only=True):
    """The shard's first process begins."""

    shard: int


class TestsSelected(Record, frozen=True, kw_only=True):
    """Collection is over."""

    shard: int
    tests: int


class TestEnded(Record, frozen=True, kw_only=True):
    """A test has its last phase behind it."""

    shard: int
    node_id: str
    is_failure: bool
    outcome: str = ""
    """Such as ``passed``."""
    output: tuple[tuple[str, str], ...] = ()
    """What it printed, (title, text), where somebody asked for that."""


class ProblemFound(Record, frozen=True, kw_only=True):
    """A failed phase, a file that cannot be imported, a test that killed its process: told when it happens."""

    shard: int
    node_id: str
    kind: str
    """``FAILED`` or ``ERROR``."""
    message: str
    is_critical: bool = False
    signature: str = ""
    """``Signature.digest`` of a failed phase; ``""`` of what is none."""


class ShardEnded(Record, frozen=True, kw_only=True):
    """The shard's bundle is closed."""

    shard: int
    state: ShardState
    reason: str
    seconds: float
    tests: int = 0
    """How many tests have an outcome, as the verdict will count them."""
    has_failures: bool


ShardEvent = ShardStarted | TestsSelected | TestEnded | ProblemFound | ShardEnded
