import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import coverage
import pytest
from bundle_samples import bundle_of, leave_bundle, merged, plan_of, told, write_card

from ci_toolkit.merge.coverage_data import merge_coverage
from ci_toolkit.model.bundle import BundleFile, KeptSource, ShardState
from ci_toolkit.model.merged import MeasuredCoverage
from ci_toolkit.model.problem import Problem

PLAN = plan_of(["test_a.py"], ["test_b.py"])
SOURCE = "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n"


class Run:
    """A project of four statements, and the bundles of two shards that measured its coverage."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.out = folder / "out"
        self.out.mkdir()
        self.source = folder / "code.py"
        self.source.write_text(SOURCE)
        self.config = folder / ".coveragerc"
        self.config.write_text("[run]\n")

    def leave(self, index: int, lines: Sequence[int] | Mapping[str, Sequence[int]] | None, **card: Any) -> Path:
        """Leave a bundle whose coverage data has ``lines``, or lines by context; None leaves no data."""
        folder = leave_bundle(self.results, PLAN, index, {"main": []}, **{"measures_coverage": True, **card})
        if lines is None:
            return folder
        path = folder / "coverage" / "1" / ".coverage"
        path.parent.mkdir(parents=True)
        data = coverage.CoverageData(basename=str(path))
        for context, found in (lines if isinstance(lines, Mapping) else {"": lines}).items():
            data.set_context(context)
            data.add_lines({str(self.source): found})
        data.close()
        self.seal(folder, **card)
        return folder

    def keep(self, index: int, lines: Sequence[int], *, name: str = "", copy: str = "sources/0/made.py") -> Path:
        """Leave a bundle that ran ``lines`` of a module that is not here, and kept a copy of it."""
        name = name or str(self.out.parent / "made.py")
        folder = leave_bundle(self.results, PLAN, index, {"main": []}, measures_coverage=True)
        path = folder / "coverage" / "1" / ".coverage"
        path.parent.mkdir(parents=True)
        data = coverage.CoverageData(basename=str(path))
        data.add_lines({str(self.source): [1], name: lines})
        data.close()
        kept = folder / "sources" / "0" / "made.py"
        kept.parent.mkdir(parents=True)
        kept.write_text(SOURCE)
        listed = BundleFile(path=copy, size=len(SOURCE), sha256=hashlib.sha256(SOURCE.encode()).hexdigest())
        self.seal(folder, sources_kept=(KeptSource(name=name, copy=listed),))
        return kept

    def seal(self, folder: Path, *listed: str, **card: Any) -> None:
        """Write the card anew, with the coverage data as it is."""
        data = folder / "coverage" / "1" / ".coverage"
        digest = hashlib.sha256(data.read_bytes()).hexdigest()
        files = tuple(
            BundleFile(path=path, size=data.stat().st_size, sha256=digest)
            for path in listed or ("coverage/1/.coverage",)
        )
        index = int(folder.name.removeprefix("shard-"))
        write_card(folder, PLAN, index, **{"measures_coverage": True, "files": files, **card})

    def merge(self, *categories: str) -> tuple[MeasuredCoverage | None, list[Problem]]:
        bundles = [
            bundle_of(self.results, PLAN, index) for index in (1, 2) if (self.results / f"shard-{index}").exists()
        ]
        return merge_coverage(bundles, self.out, categories, config_file=str(self.config))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_lines_that_any_shard_ran_are_covered(run: Run) -> None:
    run.leave(1, [1, 2])
    run.leave(2, [1, 4], coverage_losses=("test_b.py::test_b",))
    measured, problems = run.merge()
    assert problems == []
    assert measured == MeasuredCoverage(covered=3, statements=4, by_category={}, lost_with=("test_b.py::test_b",))
    assert sorted(path.name for path in run.out.iterdir()) == [".coverage", "coverage.json", "coverage.xml"]


def test_what_python_warns_of_in_a_measured_source_is_not_said_by_the_merge(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.source.write_text(f'{SOURCE}digit = "\\d"\n')
    run.leave(1, [1, 2, 5])
    run.leave(2, [1, 4, 5])
    monkeypatch.chdir(run.out.parent)
    found = merged(run.results, PLAN)  # warnings are errors here, and such a source could not be read
    assert found.coverage is not None
    assert (found.coverage.covered, found.coverage.statements) == (4, 5)


def test_each_category_covers_what_its_tests_and_the_imports_ran(run: Run) -> None:
    run.leave(1, {"": [1], "category:unit": [2, 3]})
    run.leave(2, {"": [1], "category:e2e": [2]})
    measured, problems = run.merge("unit", "e2e", "integration")
    assert problems == []
    assert measured is not None
    assert measured.by_category == {"e2e": (2, 4), "unit": (3, 4)}


def test_where_nobody_measured_there_is_no_coverage_and_no_problem(run: Run) -> None:
    run.leave(1, None, measures_coverage=False)
    run.leave(2, None, measures_coverage=False)
    assert run.merge() == (None, [])


def test_a_measured_file_that_is_not_here_counts_by_the_copies_that_shards_kept(run: Run) -> None:
    run.keep(1, [1, 2])
    run.keep(2, [1, 4])
    measured, problems = run.merge()
    assert problems == []
    made = str(run.out.parent / "made.py")
    assert measured == MeasuredCoverage(covered=1 + 3, statements=4 + 4, by_category={}, kept=(made,))


def test_a_copy_that_the_settings_leave_out_of_reports_is_left_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.out.parent)
    run.config.write_text("[report]\nomit = made.py\n")
    run.keep(1, [1, 2])
    measured, problems = run.merge()
    assert problems == []
    assert measured is not None
    assert (measured.covered, measured.statements) == (1, 4)


@pytest.mark.parametrize("copy", ["../../code.py", "coverage/1/.coverage", "sources/../made.py", "sources/0/none.py"])
def test_a_copy_that_is_not_one_leaves_the_source_missing(run: Run, copy: str) -> None:
    run.keep(1, [1, 2], copy=copy)
    measured, (problem,) = run.merge()
    assert measured is None
    assert "No source for code" in problem.message


def test_a_copy_that_was_changed_or_is_a_link_leaves_the_source_missing(run: Run) -> None:
    kept = run.keep(1, [1, 2])
    kept.write_text(SOURCE.replace("1", "2"))
    assert run.merge()[0] is None
    kept.unlink()
    kept.symlink_to(run.source)  # of the same content
    assert run.merge()[0] is None


@pytest.mark.parametrize("name", ["/elsewhere/made.py", "../made.py", "made.py", "/" + "long" * 200 + ".py"])
def test_a_copy_stays_below_the_reports_whatever_the_file_is_called(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (run.out.parent / "here").mkdir()
    monkeypatch.chdir(run.out.parent / "here")
    before = {path for path in run.out.parent.rglob("*") if not path.is_relative_to(run.out)}
    run.keep(1, [1, 2], name=name)
    run.merge()
    after = {path for path in run.out.parent.rglob("*") if not path.is_relative_to(run.out)}
    assert {path.name for path in after - before if not path.is_relative_to(run.results)} <= {"results"}


@pytest.mark.parametrize("measures", [1, 2])
def test_a_shard_that_did_not_measure_is_a_problem_where_another_did(run: Run, measures: int) -> None:
    run.leave(measures, [1, 2])
    run.leave(3 - measures, None, measures_coverage=False)
    measured, problems = run.merge()
    assert measured is not None
    message = f"shard {3 - measures} did not measure coverage, and others did: run every shard with --coverage"
    assert told(problems) == [("coverage-data", message)]
    assert [problem.shard for problem in problems] == [3 - measures]


def test_a_shard_that_ran_nothing_has_nothing_to_measure(run: Run) -> None:
    run.leave(1, [1, 2])
    run.leave(2, None, measures_coverage=False, attempts=0)
    assert run.merge()[1] == []


def test_a_finished_shard_that_measured_and_left_no_data_is_a_problem(run: Run) -> None:
    run.leave(1, [1, 2])
    run.leave(2, None)
    assert told(run.merge()[1]) == [("coverage-data", "shard 2 left no coverage data, although it measured")]


def test_where_no_data_can_be_used_there_is_no_coverage(run: Run) -> None:
    run.leave(1, None, state=ShardState.BROKEN)
    measured, problems = run.merge()
    assert measured is None
    assert told(problems) == [("coverage-data", "no shard's coverage data can be used")]


def test_data_that_is_not_what_the_shard_wrote_is_left_out(run: Run) -> None:
    run.leave(1, [1, 2])
    folder = run.leave(2, [1, 4])
    data = folder / "coverage" / "1" / ".coverage"
    data.write_bytes(data.read_bytes() + b"more")
    measured, problems = run.merge()
    assert measured is not None
    assert measured.covered == 2
    wrong = "coverage/1/.coverage is not the file that the shard wrote (its digest differs)"
    assert told(problems) == [("coverage-data", f"shard 2 has coverage data that cannot be used: {wrong}")]


@pytest.mark.parametrize("is_linked", [False, True])
def test_data_that_is_missing_or_a_link_is_left_out(run: Run, *, is_linked: bool) -> None:
    run.leave(1, [1, 2])
    data = run.leave(2, [1, 4]) / "coverage" / "1" / ".coverage"
    data.rename(run.out.parent / "elsewhere")
    if is_linked:
        data.symlink_to(run.out.parent / "elsewhere")
    wrong = "coverage/1/.coverage is missing or a link"
    assert told(run.merge()[1]) == [("coverage-data", f"shard 2 has coverage data that cannot be used: {wrong}")]


def test_data_that_is_damaged_and_sealed_so_is_left_out_and_closed(run: Run) -> None:
    run.leave(1, [1, 2])
    folder = run.leave(2, [1, 4])
    damaged = folder / "coverage" / "1" / ".coverage"
    damaged.write_bytes(b"no database")
    run.seal(folder)
    ((kind, message),) = told(run.merge()[1])
    assert kind == "coverage-data"
    assert message.startswith("shard 2 has coverage data that cannot be used: coverage/1/.coverage is damaged: ")
    # Python itself warns of what stays open from 3.13 on, whenever it looks for garbage.
    open_files = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    assert damaged.resolve() not in open_files


@pytest.mark.parametrize("path", ["../shard-1/coverage/1/.coverage", "/etc/passwd", "coverage/../../x"])
def test_a_card_names_no_file_outside_its_bundle(run: Run, path: str) -> None:
    run.leave(1, [1, 2])
    run.seal(run.leave(2, [1, 4]), path)
    assert told(run.merge()[1]) == [("coverage-data", f"shard 2 names a file outside its bundle: {path!r}")]


def test_without_the_sources_there_is_no_coverage(run: Run) -> None:
    run.leave(1, [1, 2])
    run.source.unlink()
    measured, problems = run.merge()
    assert measured is None
    ((kind, message),) = told(problems)
    assert kind == "coverage-data"
    assert message.endswith("check out the sources where shards are merged, and set `relative_files = true` in [run]")


def test_data_that_cannot_be_combined_is_no_coverage(run: Run) -> None:
    run.leave(1, [1, 2])
    folder = run.leave(2, [1, 4])
    path = folder / "coverage" / "1" / ".coverage"
    path.unlink()
    with_branches = coverage.CoverageData(basename=str(path))
    with_branches.add_arcs({str(run.source): [(1, 2)]})
    with_branches.close()
    run.seal(folder)
    measured, problems = run.merge()
    assert measured is None
    assert told(problems)[0][1].startswith("the shards' coverage cannot be combined: ")


@pytest.mark.parametrize("is_folder", [False, True], ids=["nothing", "a folder"])
def test_what_was_no_file_when_its_shard_ended_has_no_part_in_the_coverage(run: Run, *, is_folder: bool) -> None:
    made = run.source.with_name("made")
    if is_folder:
        made.mkdir()
    run.leave(1, [1, 2], sources_gone=(str(made),))
    run.leave(2, [1, 4])
    data = coverage.CoverageData(basename=str(run.results / "shard-1/coverage/1/.coverage"))
    data.read()
    data.add_lines({str(made): [1]})
    data.close()
    run.seal(run.results / "shard-1", sources_gone=(str(made),))
    measured, problems = run.merge()
    assert problems == []
    assert measured == MeasuredCoverage(covered=3, statements=4, by_category={}, gone=(str(made),))


def test_a_plugin_of_coverage_that_is_not_here_is_a_problem(run: Run) -> None:
    run.leave(1, [1, 2])
    run.config.write_text("[run]\nplugins = no_such_plugin\n")
    measured, problems = run.merge()
    assert measured is None
    ((kind, message),) = told(problems)
    assert kind == "coverage-data"
    assert message.endswith("No module named 'no_such_plugin'; install it, or set PYTHONPATH")


def test_settings_of_coverage_that_are_not_here_are_a_problem(run: Run) -> None:
    run.leave(1, [1, 2])
    run.config.unlink()
    measured, problems = run.merge()
    assert measured is None
    assert told(problems)[0][1].startswith("the shards' coverage cannot be combined: Couldn't read ")
