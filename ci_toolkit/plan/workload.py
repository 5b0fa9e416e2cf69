"""The workload to assign: the files of the suite by number, what each takes, and what can be cut of it."""

import math
from collections.abc import Sequence
from functools import cached_property

from ci_toolkit.model.node_id import class_of, function_of, node_id_of
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.fragments import Fragment, fragments_of
from ci_toolkit.plan.request import Keep

Item = tuple[tuple[int, tuple[int, ...]], ...]
"""What is assigned as one: for each file in it, which of its fragments; no fragments are the whole file."""


class Workload:
    """The estimates of all files, counted from 0, with what the balance asks of them."""

    def __init__(self, files: Sequence[FileEstimate], keep: Keep = Keep.NOTHING) -> None:
        self.files = files
        self.keep = keep
        self.setups = [file.setup_seconds for file in files]
        """What every shard that runs any test of the file pays once."""
        self.seconds = [file.seconds for file in files]
        self.spreads = [file.spread for file in files]
        """How far the time of a run may lie from the seconds."""
        self._fragments: dict[int, tuple[Fragment, ...]] = {}

    def fragments(self, file: int) -> tuple[Fragment, ...]:
        """Return what ``file`` can be cut into; found when first asked for, as most files are never cut."""
        if file not in self._fragments:
            self._fragments[file] = fragments_of(self.files[file], self.keep)
        return self._fragments[file]

    def fragment_count(self, file: int) -> int:
        """Return into how many parts ``file`` can be cut at most."""
        return len(self.fragments(file)) if file in self._fragments else max(1, len(self.files[file].suffixes))

    @cached_property
    def is_known(self) -> bool:
        """Whether the time of any test is known."""
        return any(file.is_known for file in self.files)

    def can_be_cut(self, file: int) -> bool:
        """Whether ``file`` holds more than one test, and nothing keeps all of them together."""
        estimate = self.files[file]
        return self.keep is not Keep.MODULE and not estimate.stays_whole and len(estimate.suffixes) > 1

    def bound(self, shards: int) -> float:
        """Return what no plan of ``shards`` shards can beat: the longest that stays together, or a fair share."""
        return max(self.longest, self.fair_share(shards))

    def fair_share(self, shards: int) -> float:
        """Return an even share of all: tests, and the setup of each file on as many shards as it fills at least."""
        low = self.even_share(shards)
        large = [
            (file.setup_seconds, file.seconds)
            for file in self.files
            if file.setup_seconds > 0.0 and file.weight > low and not file.stays_whole
        ]
        return _least_share(low * shards, large, shards, low) if large else low

    def even_share(self, shards: int) -> float:
        """Return what each of ``shards`` shards would take if everything could be shared out evenly."""
        return math.fsum((*self.setups, *self.seconds)) / shards

    @property
    def longest(self) -> float:
        """The seconds of the longest test with its file's setup, or of the longest that must stay together."""
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
            longest = (estimate.setup_seconds + took, node_id_of(estimate.path, suffix))
            # Only a file that takes longer as a whole can hold more that stays together.
            bound = [
                file
                for file, one in enumerate(self.files)
                if (one.unsettled or one.stays_whole) and one.weight > longest[0]
            ]
        else:
            longest, bound = (0.0, ""), list(range(len(self.files)))
        together = [self._longest_fragment(number) for number in bound]
        return max([longest, *together, *map(self._seconds_and_name, self.cross_file_groups)])

    def _longest_test(self, file: int) -> tuple[float, str]:
        estimate = self.files[file]
        return estimate.setup_seconds + max(estimate.each, default=0.0), estimate.path

    def _longest_fragment(self, file: int) -> tuple[float, str]:
        estimate = self.files[file]
        fragment = max(self.fragments(file), key=lambda fragment: (fragment.seconds, fragment.suffixes))
        if estimate.stays_whole:
            name = estimate.path
        elif len(fragment.suffixes) == 1:
            name = node_id_of(estimate.path, fragment.suffixes[0])
        elif len({function_of(suffix) for suffix in fragment.suffixes}) == 1:
            name = node_id_of(estimate.path, function_of(fragment.suffixes[0]))
        elif self.keep is Keep.CLASS:
            name = node_id_of(estimate.path, class_of(fragment.suffixes[0]))
        elif self.keep is Keep.XDIST_GROUP:
            name = f"{estimate.path} (group {_group(estimate, fragment)!r})"
        else:
            name = estimate.path
        return estimate.setup_seconds + fragment.seconds, name

    def _seconds_and_name(self, item: Item) -> tuple[float, str]:
        file, fragments = item[0]
        estimate = self.files[file]
        if estimate.together:
            name = f"{estimate.path} and what marks link to it"
        else:
            name = f"the tests of xdist_group {_group(estimate, self.fragments(file)[fragments[0]])!r}"
        return self.item_seconds(item), name

    def item_seconds(self, item: Item) -> float:
        """Return what ``item`` takes on a shard that runs nothing else."""
        setups = [self.setups[file] for file, _ in item]
        tests = [self.part_seconds(file, fragments) for file, fragments in item]
        return math.fsum((*setups, *tests))

    def part_seconds(self, file: int, fragments: Sequence[int]) -> float:
        """Return what ``fragments`` of ``file`` take without its setup; no fragments are the whole file."""
        if not fragments:
            return self.seconds[file]
        every = self.fragments(file)
        return math.fsum([every[fragment].seconds for fragment in fragments])

    @cached_property
    def cross_file_groups(self) -> tuple[Item, ...]:
        """What belongs together and stands in more than one file: linked files, and ``xdist_group`` groups if kept."""
        first: dict[str, str] = {}
        """Of names that stand together on a fragment, the one that stands for all."""

        def root(name: str) -> str:
            while first.setdefault(name, name) != name:
                name = first[name]
            return name

        named: list[tuple[str, int, int]] = []
        for file, estimate in enumerate(self.files):
            groups = estimate.groups if self.keep is Keep.XDIST_GROUP else ()
            for number, fragment in enumerate(self.fragments(file) if groups or estimate.together else ()):
                names = _names(estimate, fragment, has_groups=bool(groups))
                for name in names[1:]:
                    first[root(name)] = root(names[0])
                named += [(name, file, number) for name in names[:1]]
        found: dict[str, dict[int, list[int]]] = {}
        for name, file, number in named:
            found.setdefault(root(name), {}).setdefault(file, []).append(number)
        return tuple(
            tuple((file, tuple(fragments)) for file, fragments in files.items())
            for _, files in sorted(found.items())
            if len(files) > 1
        )


def _names(file: FileEstimate, fragment: Fragment, *, has_groups: bool) -> list[str]:
    """Return what ``fragment`` shares with others that belong with it."""
    groups = {file.group_of(suffix) for suffix in fragment.suffixes} - {""} if has_groups else set()
    return [*([f"files of {file.together}"] if file.together else ()), *(f"group {group}" for group in sorted(groups))]


def _group(file: FileEstimate, fragment: Fragment) -> str:
    return file.group_of(fragment.suffixes[0])


def _least_share(total: float, large: Sequence[tuple[float, float]], shards: int, low: float) -> float:
    """Return the least even share that pays for as many setups of ``large`` files as that share makes necessary."""

    def needed(share: float) -> float:
        more = [setup * (math.ceil(seconds / (share - setup)) - 1) for setup, seconds in large]
        return (total + math.fsum(more)) / shards

    least_room = max(setup for setup, _ in large)
    low = max(low, least_room * (1.0 + 1e-9))
    high = low + 1.0
    while needed(high) > high:
        high *= 2.0
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (low, middle) if needed(middle) <= middle else (middle, high)
    return low
