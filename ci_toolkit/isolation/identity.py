"""Which worker of which run a process is, and where what it starts belongs."""

from ci_toolkit.model.record import Record
from ci_toolkit.services.handover import Handover


class WorkerIdentity(Record, frozen=True, kw_only=True):
    """Which worker of which run this is."""

    root: str
    run: str
    """Eight hexadecimal digits, the same for every worker of the run and for no other run."""
    worker: str
    owner: int
    """The process that the services end with; all workers of the run have the same one."""
    handover: Handover = Handover()
    is_alone: bool = True
    """Whether no other worker or shard has the same servers."""
    is_only: bool = True
    """Whether no other worker runs beside it: its services may have the table's ports, and it may stop the run's."""
    logs: str = ""
    """Where the logs of what is the worker's alone go; nowhere without it."""
    mark: str = ""
    """Which worker it is, in the names of these logs."""
