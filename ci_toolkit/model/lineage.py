"""Where the sources of a run stand among the project's others."""

from ci_toolkit.model.record import Record


class Lineage(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What git and the CI say of what is checked out. What they do not know is ``""``."""

    tree: str = ""
    """git's hash of the tree: equal for equal sources, whatever commit they are of. ``""`` also where the checkout has
    changes of its own, for then no name is true."""
    base: str = ""
    """The commit that a change started from; of main, the commit before."""
    branch: str = ""
    is_main: bool = False
    """Whether ``branch`` is the one that changes are merged into."""
