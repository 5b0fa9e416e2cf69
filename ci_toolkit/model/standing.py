"""How a test has done: how often it failed, how, and how many clean passes it has since."""

from ci_toolkit.model.record import Record


class SeenSignature(Record, frozen=True, kw_only=True):
    """One way in which a test failed."""

    signature: str
    times: int
    text: str
    """What was raised, for people."""


class Standing(Record, frozen=True, kw_only=True):
    """What is known of a test in the shards' own runs: trials say nothing of how often it fails by itself."""

    goes: int = 0
    failures: int = 0
    clean: int = 0
    """Distinct orders in which it passed since it last failed."""
    needed: int
    """How many of them show that it is mended."""
    flips: int = 0
    """Trees on which it both failed and passed."""
    trees: int = 0
    """Trees on which it failed."""
    first_failed_at: float = 0.0
    last_failed_at: float = 0.0
    """In seconds since the epoch; 0 if it never did."""
    signatures: tuple[SeenSignature, ...] = ()
    """The most frequent first."""

    @property
    def is_clean(self) -> bool:
        """Whether it has passed often enough since it last failed."""
        return self.clean >= self.needed

    @property
    def shown(self) -> str:
        """Such as ``231/421``."""
        return f"{self.clean}/{self.needed}"
