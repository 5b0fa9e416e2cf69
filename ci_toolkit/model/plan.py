"""The plan: which shard runs what. A value with a digest that every shard and the merge check."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.model.category import USUAL_SERVICES
from ci_toolkit.model.node_id import class_of, function_of
from ci_toolkit.model.record import Record, encode, from_json, to_json

PLAN_SCHEMA = 1
_NOT_IN_DIGEST: Mapping[str, Any] = {"plan_id": "", "run_id": "", "run_attempt": 1}
"""What says which run a plan is of, as it stands while the digest is made: equal plans have equal digests."""


class Unit(Record, frozen=True, kw_only=True):
    """A whole file, or one piece of a file that was too large for a shard."""

    path: str
    estimated_seconds: float
    piece: int = 0
    """Which piece, from 1; 0 is the whole file."""
    pieces: int = 0
    tests: int = 0
    """How many tests it holds, as far as past runs or a collection told; 0 is unknown."""


class PlannedShard(Record, frozen=True, kw_only=True):
    """One job's part of the suite."""

    index: int
    """From 1."""
    estimated_seconds: float
    spread_seconds: float = 0.0
    """How far a run may lie from that, as past runs show: the tests of a file vary together, files each by itself."""
    units: tuple[Unit, ...]
    category: str = ""
    """The one category of all its files, or ``""`` if they are mixed."""
    services: tuple[str, ...] = ()
    """What the categories of its files need."""

    @property
    def services_to_start(self) -> tuple[str, ...]:
        """What to bring up for it: the usual ones where no category says what its tests need, none where one does."""
        return self.services or (() if self.category else USUAL_SERVICES)


class Cut(Record, frozen=True, kw_only=True):
    """How one large file is divided: each piece is a run of node-id suffixes.

    A suffix is what follows ``path::``. It may leave out the parameters: ``test_a`` claims
    ``test_a[1]`` unless a piece names that test in full.
    """

    path: str
    pieces: tuple[tuple[str, ...], ...]


class PlanNote(Record, frozen=True, kw_only=True):
    """Something about the plan that a reader should hear, such as stale history."""

    kind: str
    message: str


class Plan(Record, frozen=True, kw_only=True):
    """Which shard runs what, made once; ``plan_id`` is the digest of all the rest."""

    schema: int = PLAN_SCHEMA
    plan_id: str = ""
    run_id: str = ""
    """Names the run that this plan is of. Equal plans of two runs have one ``plan_id`` and two ``run_id``."""
    run_attempt: int = 1
    """The attempt of the CI run that made the plan: bundles of earlier attempts followed another one."""
    commit: str = ""
    root: str = "."
    """pytest's rootdir, relative to the folder in which the plan was made: where its paths start."""
    arguments: tuple[str, ...] = ()
    """The paths that select the suite; empty for pytest's own defaults."""
    pytest_args: tuple[str, ...] = ()
    """Further pytest arguments that every shard gets."""
    categories: tuple[str, ...] = ()
    """The categories that are selected; empty for all."""
    only: tuple[str, ...] = ()
    """Node ids of tests, classes and files; nothing else runs. Empty is everything."""
    first: tuple[str, ...] = ()
    """Node ids of what each shard runs before the rest."""
    mode: str = ""
    places: tuple[tuple[str, str], ...] = ()
    """(path, where it lies relative to the root) of the files whose path does not say that."""
    skipped_folders: tuple[tuple[str, str], ...] = ()
    """(folder, reason) of those that skip themselves as a whole, each of which counts as one skipped test."""
    critical_files: tuple[str, ...] = ()
    """Files that can hold mission-critical tests, by their place, or by their text where somebody looked."""
    algorithm: str = "files"
    shards: tuple[PlannedShard, ...]
    cuts: tuple[Cut, ...] = ()
    lower_bound_seconds: float
    """No plan of this many shards can be faster: the larger of total/shards and the longest indivisible test."""
    makespan_seconds: float
    """The estimated seconds of the slowest shard."""
    limited_by: str = ""
    """The node id or path that sets the bound, or ``""`` where the total does."""
    has_times: bool = True
    """Whether any of the times is known from past runs; else they only weigh tests against each other."""
    notes: tuple[PlanNote, ...] = ()

    def sealed(self) -> "Plan":
        """Return this plan with its digest as ``plan_id``."""
        as_read_back = msgspec.convert(msgspec.to_builtins(self), Plan)  # an int given for seconds reads as 1.0
        return msgspec.structs.replace(as_read_back, plan_id=as_read_back.digest())

    def digest(self) -> str:
        """Return the SHA-256 of everything but ``plan_id`` and what names the run, as 64 hexadecimal digits."""
        return hashlib.sha256(encode(msgspec.structs.replace(self, **_NOT_IN_DIGEST))).hexdigest()

    def of_run(self, run_id: str, run_attempt: int = 1) -> "Plan":
        """Return this plan as that of the run ``run_id``; bundles of other runs then say nothing about it."""
        return msgspec.structs.replace(self, run_id=run_id, run_attempt=run_attempt)

    def files(self) -> tuple[str, ...]:
        """Return where each planned file lies, relative to the root."""
        places = dict(self.places)
        return tuple(sorted({places.get(unit.path, unit.path) for shard in self.shards for unit in shard.units}))

    @property
    def whole_suite(self) -> tuple[str, ...]:
        """Every file of the suite where the plan covers all of it, else nothing."""
        # Any pytest argument can narrow what is collected (--ignore, -c, a path), and a category always does.
        if self.arguments or self.pytest_args or self.categories or self.only or self.mode:
            return ()
        return tuple(sorted({unit.path for shard in self.shards for unit in shard.units}))

    def shard(self, index: int) -> PlannedShard:
        """Return shard ``index``, counted from 1. Raises FormatError if the plan has no such shard."""
        for shard in self.shards:
            if shard.index == index:
                return shard
        raise FormatError(
            f"the plan has no shard {index}: its shards are 1 to {len(self.shards)}",
            advice="Shards count from 1; take the index from the plan's matrix.",
        )

    def cut_of(self, path: str) -> Cut | None:
        """Return how ``path`` is cut, or None if it runs whole."""
        return next((cut for cut in self.cuts if cut.path == path), None)


def plan_to_json(plan: Plan) -> bytes:
    """Return the text of ``plan.json``."""
    return to_json(plan)


def plan_from_json(data: bytes, *, origin: str) -> Plan:
    """Read ``plan.json``. Raises FormatError for another version, a wrong shape or a digest that does not fit."""
    plan = from_json(data, Plan, schema=PLAN_SCHEMA, origin=origin)
    if plan.digest() != plan.plan_id and _digest_as_written(data) != plan.plan_id:
        raise FormatError(
            f"{origin} was changed after it was planned: its plan_id is not the digest of its content",
            advice="Plan again with `ci-toolkit plan`; plans are not edited by hand.",
        )
    _check_that_units_are_shared_out(plan, origin)
    return plan


def _digest_as_written(data: bytes) -> str:
    """Return the digest of the fields that stand in ``data``: an earlier version of the toolkit knew no others."""
    written = msgspec.json.decode(data)
    cleared = {name: value for name, value in _NOT_IN_DIGEST.items() if name in written}
    return hashlib.sha256(encode({**written, **cleared})).hexdigest()


def _check_that_units_are_shared_out(plan: Plan, origin: str) -> None:
    # The digest shows that nobody changed the plan, not that whoever wrote it was right.
    expected = {(cut.path, piece): len(cut.pieces) for cut in plan.cuts for piece in range(1, len(cut.pieces) + 1)}
    cut_paths = {cut.path for cut in plan.cuts}
    seen: set[tuple[str, int]] = set()
    for shard in plan.shards:
        for unit in shard.units:
            key = (unit.path, unit.piece)
            known = expected.get(key) == unit.pieces if unit.piece else unit.path not in cut_paths
            if key in seen or not known:
                raise FormatError(
                    f"{origin} gives {unit.path} (piece {unit.piece}) to more than one shard, or cuts it wrongly"
                )
            seen.add(key)
    missing = expected.keys() - seen
    if missing or [shard.index for shard in plan.shards] != list(range(1, len(plan.shards) + 1)):
        raise FormatError(f"{origin} leaves something out: pieces {sorted(missing)}, or shards not numbered from 1")


class PieceOf:
    """Says which piece of a cut file a test belongs to; every possible test belongs to exactly one.

    The answer depends on the test's id alone, not on the order of collection, so shards agree even
    under plugins that shuffle. In turn: the piece that names the test; the last piece that names its
    function (so a new parameter set joins its siblings); the last that names its class; the last piece.
    """

    def __init__(self, cut: Cut) -> None:
        self._last = len(cut.pieces)
        self._exact: dict[str, int] = {}
        self._function: dict[str, int] = {}
        self._class: dict[str, int] = {}
        for number, suffixes in enumerate(cut.pieces, start=1):
            for suffix in suffixes:
                self._exact[suffix] = number
                self._function[function_of(suffix)] = number
                self._class[class_of(suffix)] = number

    def __call__(self, suffix: str) -> int:
        """Return the piece, from 1, of the test ``path::suffix``."""
        piece = self._exact.get(suffix) or self._function.get(function_of(suffix))
        return piece or self._class.get(class_of(suffix)) or self._last

    def name_of(self, suffix: str) -> str:
        """Return the name by which the cut claims the test: its own or its function's, or ``""`` if it has neither."""
        if suffix in self._exact:
            return suffix
        function = function_of(suffix)
        return function if function in self._exact else ""
