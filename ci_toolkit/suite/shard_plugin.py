"""In pytest: collects only the shard's own files, runs its tests, and writes the journal."""

import os
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from ci_toolkit.model.category import MISSION_CRITICAL, Categories
from ci_toolkit.model.journal import CollectedTest, FileCollected, FileOpened, JournalRecord, Selected
from ci_toolkit.model.journal_end import Executed
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.record import restore_surrogates
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.again import again_plugin
from ci_toolkit.suite.arguments import arguments_with
from ci_toolkit.suite.attachments import ATTACHMENTS, Attachments
from ci_toolkit.suite.clock import Clock
from ci_toolkit.suite.collection_times import CollectionTimes
from ci_toolkit.suite.coverage_context import CoverageContext
from ci_toolkit.suite.journal import journal_of
from ci_toolkit.suite.linking import Dependencies
from ci_toolkit.suite.mentions import MentionReader
from ci_toolkit.suite.moved_sources import sources_of_the_checkout
from ci_toolkit.suite.named_tests import NamedTests, in_order
from ci_toolkit.suite.opening import opened
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.other_imports import import_as_others_do
from ci_toolkit.suite.owners import name_of, owner_of
from ci_toolkit.suite.placing import CategoryFilter, Placer
from ci_toolkit.suite.reaching_hooks import reaching_folders
from ci_toolkit.suite.reports import uncollectable
from ci_toolkit.suite.run_recorder import RunRecorder
from ci_toolkit.suite.search_path import SearchPath
from ci_toolkit.suite.selection import Changes, ForeignFiles, Selection, address, owned_files, owned_folders
from ci_toolkit.suite.snapshots import snapshots_of
from ci_toolkit.suite.sources import executed_sources
from ci_toolkit.suite.unplanned import UnplannedFiles
from ci_toolkit.suite.warnings_heard import WarningsHeard
from ci_toolkit.suite.watchers import NOT_INTERRUPTED, closed, interruption

_NUMBERS: pytest.StashKey[deque[int]] = pytest.StashKey()
"""The numbers of a test: more than one where a plugin runs the same item more than once."""


class ShardPlugin:
    """Does a ShardTask in the process that runs the tests: pytest itself, or an xdist worker."""

    def __init__(self, task: ShardTask, config: pytest.Config, *, worker: str) -> None:
        self.task = task
        self.root = str(config.rootpath)
        self.clock = Clock(task)
        self.journal = journal_of(task, worker)
        self.recorder = RunRecorder(self._write, self.clock, self.root, keeps_output=task.keeps_output)
        folder = restore_surrogates(task.attachments)
        config.stash[ATTACHMENTS] = Attachments(folder, f"{task.attempt}-{worker}-", self.recorder.attach)
        self.selection = Selection(task)
        self.categories = Categories(task.categories)
        self.placer = Placer(self.categories)
        self.named = NamedTests(task.only, task.first)
        self.category_filter = CategoryFilter(self.placer, task.selected, critical_first=task.critical_first)
        self.coverage = CoverageContext(config, by_category=task.coverage_by_category, apart=task.apart)
        if task.apart:
            config.pluginmanager.register(self.coverage, "ci-toolkit-coverage-context")
        self._entered = owned_files(task) | reaching_folders(task)
        self._paths = self._entered | owned_folders(self._entered)
        self._search_path = SearchPath(task, config)
        self.unplanned = UnplannedFiles(task, config, self)
        config.pluginmanager.register(ForeignFiles(task.pieces), "ci-toolkit-foreign-files")
        self._times = CollectionTimes(Originals.perf_counter)
        self._changes = Changes()
        self._dependencies = Dependencies(config, ())
        self._critical_left_out: dict[str, list[str]] = {}
        self._category: list[str] = []
        """Of each test, by number."""
        self._critical: list[bool] = []
        self.again = again_plugin(task.again, config, self._write, self.clock)
        self._selected = 0
        self._interruption = NOT_INTERRUPTED
        opening = opened(task, worker, config, self.clock)
        self._began_at = opening.at
        self._write(opening)
        self._warnings = WarningsHeard(config)
        config.pluginmanager.register(self._warnings, "ci-toolkit-warnings")

    def _write(self, record: JournalRecord) -> None:
        if not self.journal.write(record) and self.journal.failure is not None:
            pytest.exit(f"{self.journal.failure.strerror}: {self.journal.path}", pytest.ExitCode.INTERNAL_ERROR)

    # --- collection -------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Keep pytest out of what other shards run. Their conftest files are imported where they reach our tests."""
        if os.path.normpath(collection_path) in self._paths:
            return None
        self.unplanned.meet(collection_path)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Journal the import of each file, before (it may kill the process) and after."""
        self._times.go_on()
        owner = owner_of(collector)
        path = name_of(owner) if owner is not None else ""
        if owner is None or path not in self.task.pieces:
            return (yield)
        if owner is collector:
            self._write(FileOpened(path=path))
            self.coverage.enter(self.placer.of_file(path))
            self._search_path.lead_before(path)
        start = Originals.perf_counter()
        report = yield
        seconds = Originals.perf_counter() - start
        if not report.passed:
            is_critical = self._may_be_critical(path, owner.path)
            self._write(uncollectable(report, path, seconds, self.root, is_critical=is_critical))
        else:  # a class too: making its parametrized tests can take longer than the import
            self._times.add(path, seconds)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
        """Drop what is not this shard's before any plugin sorts or deselects, and other categories after them.

        Only then has every conftest file set its markers. What earlier processes finished is dropped last, so
        that a plugin which runs a test twice does so in each process.
        """
        self._times.go_on()
        self._search_path.lead_to_all()
        import_as_others_do(self._search_path.modules_of_others, self.coverage)
        items[:] = ours = self.selection.ours(items)
        dropped = self.named.left_out(items)  # at once: no other test is here, as if they stood on the command line
        asked = items.copy()
        yield
        dropped += self.category_filter.left_out(items)
        self.named.put_first(items)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        for item in self.category_filter.critical_among(asked, items):
            path, suffix = address(item)
            self._critical_left_out.setdefault(path, []).append(suffix)
        self._changes.compare(ours, items)
        items[:] = self.selection.unfinished(items)
        if self.task.order:
            items[:] = in_order(items, self.task.order)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note what the user's own options leave out."""
        self._changes.announce(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Journal the end of collection. An interrupted one finishes too, and does not come back here.

        A plugin that was configured after us may have set other arguments: pytest-picked takes git's.
        """
        self.unplanned.ask_for(session.config.args)
        session.config.args = arguments_with(self._entered, session.config)
        result = yield
        self._write(Selected(tests=self._selected, unplanned=self.unplanned.found()))
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Journal every test that will run, numbered."""
        grouped: dict[str, list[tuple[str, pytest.Item]]] = {path: [] for path in self._times.of_files}
        for item in session.items:
            path, suffix = address(item)
            grouped.setdefault(path, []).append((suffix, item))
        self._times.share_out(self.selection.collected)
        if self.again is not None:  # now, so that no plugin of a conftest file comes before it
            session.config.pluginmanager.register(self.again, "ci-toolkit-again")
        first = 0
        self._dependencies = Dependencies(session.config, session.items)
        for path, found in grouped.items():
            for index, (_, item) in enumerate(found, start=first):
                item.stash.setdefault(_NUMBERS, deque()).append(index)
            self._write(self._file_collected(path, found, first))
            first += len(found)
        self._selected = first

    def _collected(self, item: pytest.Item, path: str, suffix: str, category: str) -> CollectedTest:
        location, line, _ = item.location
        return CollectedTest(
            suffix=suffix,
            line=0 if line is None else line + 1,
            category="" if category == self.placer.of_file(path) else category,
            location="" if location == path else location,
        )

    def _file_collected(self, path: str, found: list[tuple[str, pytest.Item]], first: int) -> FileCollected:
        piece = self.task.pieces.get(path, 0)
        whole = self.selection.whole_file(path)
        placements = [self.placer.place(item, path) for _, item in found]
        self._category += [placement.category for placement in placements]
        self._critical += [placement.is_critical for placement in placements]
        return FileCollected(
            path=path,
            first=first,
            tests=tuple(
                self._collected(item, path, suffix, placement.category)
                for (suffix, item), placement in zip(found, placements, strict=True)
            ),
            category=self.placer.of_file(path),
            import_seconds=round(self._times.of_files.get(path, 0.0), 6),
            piece=piece,
            piece_total=whole.piece_total,
            claims_digest=whole.claims_digest,
            ids_digest=whole.ids_digest,
            deselected=self._changes.deselected[path],
            removed=self._changes.removed[path],
            added=self._changes.added[path],
            critical=tuple(which for which, placement in enumerate(placements) if placement.is_critical),
            clashes=tuple((which, placement.clash) for which, placement in enumerate(placements) if placement.clash),
            critical_left_out=tuple(self._critical_left_out.get(path, ())),
            offers=tuple(name for _, item in found for name in self._dependencies.offered_by(item)),
            needs=tuple(
                (which, name) for which, (_, item) in enumerate(found) for name in self._dependencies.missing(item)
            ),
        )

    def _may_be_critical(self, path: str, file: Path) -> bool:
        # Asked only where a file does not collect: what it holds is then known from its place and its text alone.
        if self.placer.of_file(path) == MISSION_CRITICAL:
            return True
        return MISSION_CRITICAL in MentionReader(self.categories).read(file)

    # --- running ----------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Journal the test around all that any plugin does to run it, and try it again if it failed."""
        if self.again is not None and self.again.is_trying:
            return (yield)
        number = _next_number(item)
        if number is None:  # it came after the collection was over
            return (yield)
        self.recorder.start(number)
        self.coverage.enter_test(item, self._category[number])
        try:
            ran = yield
        except BaseException as error:
            self.recorder.break_off(error)
            raise
        self.recorder.end()
        self.coverage.leave_test()
        failures = self.recorder.failures
        if self.again is not None and failures and self.recorder.is_of_one_go and not self._critical[number]:
            name = node_id_of(*address(item))
            with self._warnings.unheard():
                self.again.try_again(item, nextitem, number, name, failures, self.recorder.seconds)
        return ran

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Journal a phase."""
        self.recorder.report(report)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note why the session is interrupted."""
        self._interruption = interruption(excinfo)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Say what was executed, and close the journal."""
        executed = executed_sources(self.root, self._began_at)
        if self.task.moved is not None:
            others = sources_of_the_checkout(*self.task.moved, self._began_at)
            executed = Executed(files=(*executed.files, *others))
        self.journal.write(executed)
        snapshots = snapshots_of(session.config)
        if snapshots is not None:
            self.journal.write(snapshots)
        self.journal.write(self._warnings.record())
        self.journal.write(closed(session, exitstatus, self._interruption, self.clock))


def _next_number(item: pytest.Item) -> int | None:
    numbers = item.stash.get(_NUMBERS, None)
    if not numbers:
        return None
    if len(numbers) == 1:
        return numbers[0]
    number = _number_of_xdist(item, numbers)
    return numbers.popleft() if number is None else number


def _number_of_xdist(item: pytest.Item, numbers: Sequence[int]) -> int | None:
    # Another worker may run the item first. xdist says which of the items it runs now; each worker has the same.
    for plugin in item.config.pluginmanager.get_plugins():
        index = getattr(plugin, "item_index", None)
        if isinstance(index, int):
            return numbers[sum(1 for other in item.session.items[:index] if other is item)]
    return None
