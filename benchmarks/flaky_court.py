"""How well the court judges failures, in a seeded simulator of a CI history that knows the truth.

    python benchmarks/flaky_court.py [SIMULATOR] [--seeds 1-12] [--profile scale=0.15 ...] [--evidence]

SIMULATOR is the folder that holds the package `flakesim` (default: $CI_TOOLKIT_FLAKESIM, else ../shared/flakesim
beside the checkout); docs/flaky.md says more. Prints one line a figure, or with --evidence one row for each kind of
evidence that the court goes without. With --after-the-run the court is that of the commands, with what each of them
knows, within the --budget of the settings (0.02); some of its bounds are wider. Exits 1 if a bound is missed, 2 if the
simulator is not there.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from flakesim_commands import CommandsCourt
from flakesim_court import Court
from msgspec.structs import replace

from ci_toolkit.config.flaky import LEAST_SECONDS, FlakySettings
from ci_toolkit.verdict.adjudication import rules_of
from ci_toolkit.verdict.court.case import Rules

COMMITS = 1200
OF_THE_COMMANDS: Mapping[str, float] = {
    "clean runs that are red by flakes": 0.02,
    "outages that are red": 0.35,
    "trials, of the time of tests": 0.022,
}
"""What the court of the commands has to reach with the budget of the settings, where that is less; of two seeds."""
BUDGET = 0.02
"""What ``[tool.ci-toolkit.flaky]`` has where nothing is said."""
ROOT = Path(__file__).parents[1]
WITHOUT: Mapping[str, Mapping[str, int | bool]] = {
    "all of it": {},
    "base re-run": {"uses_base": False},
    "replay of the order": {"uses_order": False},
    "clusters": {"uses_clusters": False},
    "signature": {"uses_signatures": False},
    "8 repeats: 2": {"repeats": 2},
    "changed lines": {"uses_changed_lines": False},
    "another machine": {"uses_other_machine": False},
    "48 more tries for a pass": {"agains_unsure": 0},
}


class Figure(NamedTuple):
    """One line of the table."""

    what: str
    value: float
    bound: float
    shown: str
    is_at_least: bool = False

    @property
    def is_reached(self) -> bool:
        return self.value >= self.bound if self.is_at_least else self.value <= self.bound


def play(
    simulator: Path, seeds: Iterable[int], profile: Mapping[str, float], court: Callable[[], Court]
) -> Counter[str]:
    """Return the simulator's own counts, over all worlds together."""
    if str(simulator) not in sys.path:
        sys.path.insert(0, str(simulator))
    world, play_world = import_module("flakesim.world"), import_module("flakesim.play").play
    counts: Counter[str] = Counter()
    for seed in seeds:
        counts.update(play_world(world.World(seed, COMMITS, world.Profile(**profile)), court()))
    return counts


def figures(counts: Counter[str]) -> list[Figure]:
    """Return what is bounded: what is masked, what is red without need, the list of flaky tests, the cost."""

    def of(part: str, whole: int, what: str, bound: float, *, is_at_least: bool = False) -> Figure:
        share = counts[part] / whole if whole else float(is_at_least)
        return Figure(what, share, bound, f"{counts[part]} of {whole} ({share:.2%})", is_at_least)

    def seen(kind: str) -> int:
        return counts[f"pr_{kind}"] - counts[f"unseen_{kind}"]

    cost = counts["retry_seconds"] / counts["test_seconds"]
    return [
        of("masked_det", seen("det"), "masked regressions that always fail", 0.0),
        of("masked_order", seen("order"), "masked regressions of the order", 0.0),
        of("masked_partial", seen("partial"), "masked regressions that fail now and then", 0.04),
        of("red_flake", counts["clean"], "clean runs that are red by flakes", 0.01),
        of("red_outage", counts["raw_outage"], "outages that are red", 0.25),
        of("tp", counts["ever"], "listed tests that are flaky", 0.95, is_at_least=True),
        of("truth_hit", counts["truth"], "flaky tests that are listed", 0.88, is_at_least=True),
        of("truth3_hit", counts["truth3"], "the same, of those that flaked at 3 commits", 0.95, is_at_least=True),
        Figure("trials, of the time of tests", cost, 0.021, f"{cost:.2%}"),
    ]


def show(found: Sequence[Figure]) -> None:
    for figure in found:
        sign = ">=" if figure.is_at_least else "<="
        end = "" if figure.is_reached else "   MISSED"
        print(f"{figure.what:46} {figure.shown:24} {sign} {figure.bound:.2%}{end}")


def show_evidence(simulator: Path, seeds: Sequence[int], profile: Mapping[str, float]) -> None:
    print("| without | " + " | ".join(HEADS) + " |\n|" + "---|" * (len(HEADS) + 1))
    for name, changed in WITHOUT.items():
        found = figures(play(simulator, seeds, profile, court_without(changed)))
        print(f"| {name} | " + " | ".join(f"{figure.value:.2%}" for figure in found) + " |", flush=True)


HEADS = (
    "masked, always fails",
    "masked, order",
    "masked, now and then",
    "red by flake",
    "outages red",
    "list: precision",
    "list: recall",
    "recall, 3 commits",
    "cost",
)


def court_of(budget: float | None) -> Court:
    """Return the court that makes each trial when it likes, or that of the commands with a ``budget``."""
    if budget is None:
        return Court()
    return CommandsCourt(rules_of(FlakySettings(budget_share=budget, least_seconds=LEAST_SECONDS, excuses=True)))


def court_without(changed: Mapping[str, int | bool]) -> Callable[[], Court]:
    return lambda: Court(replace(Rules(), **changed))


def numbers(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = os.environ.get("CI_TOOLKIT_FLAKESIM") or ROOT.parent / "shared" / "flakesim"
    parser.add_argument("simulator", nargs="?", type=Path, default=Path(beside))
    parser.add_argument("--seeds", type=numbers, default=numbers("1-12"))
    parser.add_argument("--profile", nargs="*", default=[])
    parser.add_argument("--evidence", action="store_true")
    parser.add_argument("--after-the-run", action="store_true")
    parser.add_argument("--budget", type=float, default=BUDGET)
    options = parser.parse_args()
    if not (options.simulator / "flakesim" / "play.py").is_file():
        print(f"no package flakesim in {options.simulator}: give its folder, or set CI_TOOLKIT_FLAKESIM to it")
        return 2
    profile = {name: float(value) for name, _, value in (item.partition("=") for item in options.profile)}
    if options.evidence:
        show_evidence(options.simulator, options.seeds, profile)
        return 0

    budget = options.budget if options.after_the_run else None
    found = figures(play(options.simulator, options.seeds, profile, lambda: court_of(budget)))
    if budget is not None:
        found = [figure._replace(bound=OF_THE_COMMANDS.get(figure.what, figure.bound)) for figure in found]
    show(found)
    return int(not all(figure.is_reached for figure in found))


if __name__ == "__main__":
    sys.exit(main())
