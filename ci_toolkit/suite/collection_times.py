"""In pytest: what each file takes before its first test, in every process that runs any of its tests."""

from collections.abc import Callable, Mapping

MOST_SECONDS_A_TEST = 0.0002
"""What sorting and selecting may cost each test of a file. What is above that, a plugin does once: it is no file's."""


class CollectionTimes:
    """Adds up, by file, the seconds of its import, of making its tests, and of its share in sorting and selecting.

    A file of thousands of tests of which all but a few are left out takes its time here.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` returns seconds that only grow."""
        self._clock = clock
        self.of_files: dict[str, float] = {}
        self._file = ""
        """Whose tests pytest makes now."""
        self._since = 0.0

    def add(self, path: str, seconds: float) -> None:
        """Count ``seconds`` in which pytest asked the file ``path``, or a class in it, what it holds."""
        self.of_files[path] = self.of_files.get(path, 0.0) + seconds
        self._file, self._since = path, self._clock()

    def go_on(self) -> None:
        """Count what has passed since for the same file: pytest made its tests, and goes on to something else."""
        now = self._clock()
        if self._file:
            self.of_files[self._file] += now - self._since
        self._file, self._since = "", now

    def share_out(self, collected: Mapping[str, int]) -> None:
        """Share what has passed since among the files, by how many tests were ``collected`` in each."""
        seconds = self._clock() - self._since
        each = min(seconds / max(1, sum(collected.values())), MOST_SECONDS_A_TEST)
        for path in self.of_files:
            self.of_files[path] += each * collected.get(path, 0)
