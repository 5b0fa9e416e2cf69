"""When this process began, for budgets of wall time."""

import time

BEGUN_AT = time.monotonic() - time.process_time()
"""On the monotonic clock; what the interpreter took to start counts by the processor time that it has used."""
