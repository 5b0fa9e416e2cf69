"""What there is to deal out: the files of the suite by number, what each takes, and what can be cut of it."""

import math
from collections.abc import Sequence
from functools import cached_property

from ci_toolkit.model.node_id import class_of, node_id_of
from ci_toolkit.plan.atoms import Atom, atoms_of
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.request import Keep

Bundle = tuple[tuple[int, tuple[int, ...]], ...]
"""Atoms, by file, that one shard must run together; no atoms are the whole file."""


class Workload:
    """The estimates of all files, counted from 0, with what the balance asks of them."""

    def __init__(self, files: Sequence[FileEstimate], keep: Keep = Keep.NOTHING) -> None:
        self.files = files
        self.keep = keep
        self.landings = [file.landing_seconds for file in files]
        """What every shard that runs any test of the file pays once."""
        self.seconds = [file.seconds for file in files]
        self.spreads = [file.spread for file in files]
        """How far the seconds may stray."""
        self._atoms: dict[int, tuple[Atom, ...]] = {}

    def atoms(self, file: int) -> tuple[Atom, ...]:
        """Return what ``file`` can be cut into; found when first asked for, as most files are never cut."""
        if file not in self._atoms:
            self._atoms[file] = atoms_of(self.files[file], self.keep)
        return self._atoms[file]

    def atom_count(self, file: int) -> int:
        """Return into how many parts ``file`` can be cut at most."""
        return len(self.atoms(file)) if file in self._atoms else max(1, len(self.files[file].suffixes))

    @cached_property
    def is_known(self) -> bool:
        """Whether the time of any test is known."""
        return any(file.is_known for file in self.files)

    def can_be_cut(self, file: int) -> bool:
        """Whether ``file`` holds more than one test, and no rule keeps all of them together."""
        return self.keep is not Keep.MODULE and len(self.files[file].suffixes) > 1

    def bound(self, shards: int) -> float:
        """Return what no plan of ``shards`` shards can beat: the longest that stays together, or a fair share."""
        return max(self.longest, self.fair_share(shards))

    def fair_share(self, shards: int) -> float:
        """Return an even share of all: tests, and the landing of each file on as many shards as it fills at least."""
        low = self.even_share(shards)
        large = [
            (landing, seconds)
            for landing, seconds in zip(self.landings, self.seconds, strict=True)
            if landing > 0.0 and landing + seconds > low
        ]
        return _least_share(low * shards, large, shards, low) if large else low

    def even_share(self, shards: int) -> float:
        """Return what each of ``shards`` shards would take if everything could be shared out evenly."""
        return math.fsum((*self.landings, *self.seconds)) / shards

    @property
    def longest(self) -> float:
        """The seconds of the longest test with its file's landing, or of the longest that must stay together."""
        return self._longest[0]

    @property
    def longest_name(self) -> str:
        """The node id of the longest test, or what names the longest that must stay together."""
        return self._longest[1]

    @cached_property
    def _longest(self) -> tuple[float, str]:
        if self.keep is Keep.NOTHING:
            file = max(range(len(self.files)), key=self._longest_test)
            estimate = self.files[file]
            took, suffix = max(zip(estimate.each, estimate.suffixes, strict=True), default=(0.0, ""))
            return estimate.landing_seconds + took, node_id_of(estimate.path, suffix)
        together = [self._longest_atom(number) for number in range(len(self.files))]
        return max([*together, *map(self._seconds_and_name, self.bundles)])

    def _longest_test(self, file: int) -> tuple[float, str]:
        estimate = self.files[file]
        return estimate.landing_seconds + max(estimate.each, default=0.0), estimate.path

    def _longest_atom(self, file: int) -> tuple[float, str]:
        estimate = self.files[file]
        atom = max(self.atoms(file), key=lambda atom: (atom.seconds, atom.suffixes))
        if len(atom.suffixes) == 1:
            name = node_id_of(estimate.path, atom.suffixes[0])
        elif self.keep is Keep.CLASS:
            name = node_id_of(estimate.path, class_of(atom.suffixes[0]))
        elif self.keep is Keep.XDIST_GROUP:
            name = f"{estimate.path} (group {_group(estimate, atom)!r})"
        else:
            name = estimate.path
        return estimate.landing_seconds + atom.seconds, name

    def _seconds_and_name(self, bundle: Bundle) -> tuple[float, str]:
        file, atoms = bundle[0]
        group = _group(self.files[file], self.atoms(file)[atoms[0]])
        return self.bundle_seconds(bundle), f"the tests of xdist_group {group!r}"

    def bundle_seconds(self, bundle: Bundle) -> float:
        """Return what ``bundle`` takes on a shard that runs nothing else."""
        landings = [self.landings[file] for file, _ in bundle]
        tests = [self.part_seconds(file, atoms) for file, atoms in bundle]
        return math.fsum((*landings, *tests))

    def part_seconds(self, file: int, atoms: Sequence[int]) -> float:
        """Return what ``atoms`` of ``file`` take without its landing; no atoms are the whole file."""
        if not atoms:
            return self.seconds[file]
        every = self.atoms(file)
        return math.fsum([every[atom].seconds for atom in atoms])

    @cached_property
    def bundles(self) -> tuple[Bundle, ...]:
        """The ``xdist_group`` groups that stand in more than one file, where they are to be kept together."""
        if self.keep is not Keep.XDIST_GROUP:
            return ()
        homes: dict[str, dict[int, list[int]]] = {}
        for file, estimate in enumerate(self.files):
            for number, atom in enumerate(self.atoms(file) if estimate.groups else ()):
                group = _group(estimate, atom)
                if group:
                    homes.setdefault(group, {}).setdefault(file, []).append(number)
        return tuple(
            tuple((file, tuple(atoms)) for file, atoms in files.items())
            for _, files in sorted(homes.items())
            if len(files) > 1
        )


def _group(file: FileEstimate, atom: Atom) -> str:
    return file.group_of(atom.suffixes[0])


def _least_share(total: float, large: Sequence[tuple[float, float]], shards: int, low: float) -> float:
    """Return the least even share that pays for as many landings of ``large`` files as that share makes necessary."""

    def needed(share: float) -> float:
        more = [landing * (math.ceil(seconds / (share - landing)) - 1) for landing, seconds in large]
        return (total + math.fsum(more)) / shards

    least_room = max(landing for landing, _ in large)
    low = max(low, least_room * (1.0 + 1e-9))
    high = low + 1.0
    while needed(high) > high:
        high *= 2.0
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (low, middle) if needed(middle) <= middle else (middle, high)
    return low
