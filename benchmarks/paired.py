"""Times commands in turn, A B A B ..., so that a machine whose speed drifts favours none of them."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMEOUT = 1_800


class Command:
    """A command to time, and what its rounds took."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        good: Sequence[int] = (0,),
    ) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.cwd = cwd
        # Bytecode that is never kept would be compiled anew by each process, which no machine of users does.
        self.env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(
            env or {}
        )
        self.good = good
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []
        self.user_seconds: list[float] = []

    def run(self) -> None:
        """Run it once."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        with subprocess.Popen(
            self.argv, cwd=self.cwd, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            output, _ = process.communicate(timeout=TIMEOUT)
        self.seconds.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        self.user_seconds.append(after.ru_utime - before.ru_utime)
        if process.returncode not in self.good:
            sys.exit(f"{self.name} ended with {process.returncode}:\n{output.decode(errors='replace')[-3000:]}")

    @property
    def median(self) -> float:
        """The seconds of the middle round."""
        return statistics.median(self.seconds)

    @property
    def user(self) -> float:
        """The user processor seconds of the middle round."""
        return statistics.median(self.user_seconds)

    def forget(self) -> None:
        """Forget the rounds so far."""
        for figures in (self.seconds, self.cpu_seconds, self.user_seconds):
            figures.clear()


def run_quietly(argv: Sequence[str], *, cwd: Path) -> None:
    """Run what is only a preparation; end the benchmark with its output where it fails."""
    Command(argv[0], argv, cwd=cwd).run()


def in_turn(commands: Sequence[Command], rounds: int, *, warm_up: bool = True) -> None:
    """Run every command ``rounds`` times, one after the other, after one round that does not count."""
    for number in range(rounds + warm_up):
        for command in commands:
            command.run()
            if warm_up and number == 0:
                command.forget()


def ratio(ours: Command, theirs: Command) -> float:
    """Return the median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(ours.seconds, theirs.seconds, strict=True))


def report(title: str, ours: Command, theirs: Command, bound: float) -> bool:
    """Print the figures and return whether ``ours`` takes at most ``bound`` times as long as ``theirs``."""
    found = ratio(ours, theirs)
    print(title)
    for command in (ours, theirs):
        low, high = min(command.seconds), max(command.seconds)
        cpu = statistics.median(command.cpu_seconds)
        rounds = f"{low:.2f} to {high:.2f}, {len(command.seconds)} rounds"
        print(f"  {command.name:<34} {command.median:8.2f} s  ({rounds}; {cpu:.2f} s of processor)")
    print(f"  ratio {found:.3f} (bound {bound:g}): {'reached' if found <= bound else 'MISSED'}")
    return found <= bound
