"""The supervisor folds journals as they grow, the merge folds them afterwards: both must see the same tests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st
from journal_samples import call, collected, crashed, fails, is_rerun, opened, passes, setup, started, teardown

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import FileCollected, JournalRecord, Phase, Selected, When
from ci_toolkit.model.process_fold import ProcessFold

Name = tuple[str, str]

NAMES = [("test_a.py", "test_1"), ("test_a.py", "test_2"), ("test_b.py", "test_1")]
WAYS = ["passes", "fails", "skips", "errs", "reruns", "fails in the end"]


def journal_of(number: int, way: str) -> tuple[JournalRecord, ...]:
    """The records of one test from its start to its end."""
    match way:
        case "passes":
            return passes(number)
        case "fails":
            return fails(number)
        case "skips":
            return started(number), setup(number, "skipped", reason="why"), teardown(number)
        case "errs":
            return started(number), setup(number, "failed", message="no"), teardown(number)
        case "reruns":
            return started(number), *is_rerun(number), *passes(number)[1:]
        case _:
            return *passes(number)[:3], teardown(number, "failed", message="no")


def collection(names: Sequence[Name]) -> list[JournalRecord]:
    """The records of a process that collects and selects ``names``."""
    records: list[JournalRecord] = [opened()]
    first = 0
    for path, tests in groupby(names, key=lambda name: name[0]):
        suffixes = [suffix for _, suffix in tests]
        records.append(collected(path, *suffixes, first=first))
        first += len(suffixes)
    return [*records, Selected(tests=len(names))]


class Shard:
    """A shard as it runs: ``live`` is the fold of its supervisor, ``later`` that of the merge."""

    def __init__(self, suite: Sequence[Name]) -> None:
        self.suite = sorted(suite)
        self.live = JournalFold(1)
        self.later = JournalFold(1)
        self.ended: Counter[Name] = Counter()
        """How often a test of this name came to its end."""

    def select(self) -> list[Name]:
        """Return what the next process is to run: all but as many of each name as are over."""
        over = Counter((test.path, test.suffix) for test in self.live.tests() if test.is_over)
        names = []
        for name in self.suite:
            if over[name] > 0:
                over[name] -= 1
            else:
                names.append(name)
        return names

    def run(self, journals: Mapping[str, Sequence[JournalRecord]], turns: Sequence[str]) -> None:
        """Run one attempt: its processes write their journals by ``turns``; then whatever is at work is dead."""
        self.live.begin_attempt()
        processes = {worker: ProcessFold(self.live, worker) for worker in journals}
        rest = {worker: iter(records) for worker, records in journals.items()}
        for worker in turns:
            self._live(processes[worker], next(rest[worker]))
        deaths = [crashed(p.running.node_id) for p in processes.values() if p.running and not p.running.is_over]
        over = {*self.live.tests()} - {*self.live.open_tests()}
        for death in deaths:
            test = self.live.take_crash(death)
            if test is not None and test not in over:
                over.add(test)
                self.ended[test.path, test.suffix] += 1
        self.later.begin_attempt()
        for worker, records in sorted({**journals, "supervisor": deaths}.items()):
            process = ProcessFold(self.later, worker)
            for record in records:
                process.take(record)

    def _live(self, process: ProcessFold, record: JournalRecord) -> None:
        test = process.take(record)
        if test is not None and isinstance(record, Phase) and record.w is When.TEARDOWN and test.is_over:
            self.ended[test.path, test.suffix] += 1


@st.composite
def journals(draw: st.DrawFn, names: Sequence[Name], *, to_the_end: bool) -> dict[str, list[JournalRecord]]:
    """One attempt's journals by worker: each test in one of them, each torn anywhere unless ``to_the_end``."""
    workers = draw(st.sampled_from([["main"], ["gw0", "gw1"]]))
    written: dict[str, list[JournalRecord]] = {worker: collection(names) for worker in workers}
    for number in draw(st.permutations(range(len(names)))):
        written[draw(st.sampled_from(workers))] += journal_of(number, draw(st.sampled_from(WAYS)))
    if not to_the_end:
        written = {worker: lines[: draw(st.integers(0, len(lines)))] for worker, lines in written.items()}
    return written


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.sampled_from(NAMES), min_size=1, max_size=6), st.integers(0, 3))
def test_supervisor_and_merge_agree_on_every_test_and_each_has_one_result(
    data: st.DataObject, suite: list[Name], deaths: int
) -> None:
    shard = Shard(suite)
    for attempt in range(deaths + 1):
        written = data.draw(journals(shard.select(), to_the_end=attempt == deaths))
        turns = data.draw(st.permutations([worker for worker, lines in written.items() for _ in lines]))
        shard.run(written, turns)
        live, later = [*shard.live.tests()], [*shard.later.tests()]
        assert [test.node_id for test in live] == [test.node_id for test in later]
        assert [test.is_over for test in live] == [test.is_over for test in later]
        assert [test.has_outcome for test in live] == [test.has_outcome for test in later]
        assert all(test.has_outcome for test in live if test.is_over)
        assert [t.result() for t in live if t.has_outcome] == [t.result() for t in later if t.has_outcome]
    assert not any(shard.later.open_tests())
    assert shard.live.problems == shard.later.problems == []
    expected = Counter(shard.suite)
    assert Counter((test.path, test.suffix) for test in shard.later.tests() if test.has_outcome) == expected
    assert shard.ended == expected


@settings(max_examples=100, deadline=None)
@given(st.data(), st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))
def test_what_a_damaged_journal_lost_is_never_passed(data: st.DataObject, suite: list[Name]) -> None:
    names = sorted(suite)
    lines = [*collection(names), *(line for number in range(len(names)) for line in passes(number))]
    kept = [line for line in lines if data.draw(st.booleans())]
    fold = JournalFold(1)
    fold.begin_attempt()
    process = ProcessFold(fold, "journal/1-main.jsonl")
    for line in kept:
        process.take(line)
    whole = [number for number in range(len(names)) if {call(number), teardown(number)} <= {*kept}]
    named = {
        number
        for line in kept
        if isinstance(line, FileCollected)
        for number in range(line.first, line.first + len(line.tests))
    }
    assert sum(test.has_outcome for test in fold.tests()) == len({*whole} & named)
