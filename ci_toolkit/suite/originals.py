"""Functions of the system as they were when pytest started, for what records the tests in their own process."""

import os
import time


class Originals:
    """Holds each function where no test reaches it by accident.

    Tests replace ``os.write`` or ``time.time`` by name, and libraries that stop the clock or fake the file system
    replace every attribute of every module that is one of these functions, or the module ``os`` itself. A class is
    none of their places. ``plugin.py`` imports this module, so it is loaded before any conftest file.

    ``perf_counter`` is the one clock that is never stopped from below: time-machine changes ``time.time``,
    ``time.monotonic`` and ``time.clock_gettime`` in place, for whoever holds them.
    """

    getpid = os.getpid
    open = os.open
    close = os.close
    fstat = os.fstat
    read = os.read
    pread = os.pread
    write = os.write
    ftruncate = os.ftruncate
    rename = os.rename
    perf_counter = time.perf_counter
