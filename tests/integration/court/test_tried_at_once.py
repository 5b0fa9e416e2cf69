"""Failed tests are tried again at once in the process in which they failed, by the real program."""

import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from court_lab import SETTINGS, Repository

from ci_toolkit.model.journal import AgainEnded, AgainStarted, FileCollected, decoder

KINDS = """
import os
import unittest
from pathlib import Path

import pytest

LEFT = []
OUTSIDE = Path(os.environ["OUTSIDE"])


def tries(name):
    with open(OUTSIDE / name, "a") as file:
        file.write("x")
    return (OUTSIDE / name).stat().st_size


@pytest.fixture
def fresh():
    made = []
    yield made
    assert len(made) <= 1, "the fixture of the first try"


@pytest.fixture(scope="module")
def once():
    return tries("once")


def test_own_fixtures_are_new_and_wider_ones_stay(fresh, once, tmp_path):
    fresh.append(1)
    assert once == 1
    assert not list(tmp_path.iterdir())
    (tmp_path / "left").touch()
    assert tries("fixtures") > 1


def test_left_behind():
    LEFT.append(1)


@pytest.fixture
def tidy():
    yield
    LEFT.clear()


def test_tidies_up_what_it_failed_of(tidy):
    assert not LEFT


def test_fails_always():
    tries("always")
    assert False


class Unit(unittest.TestCase):
    def test_unit(self):
        self.assertGreater(tries("unit"), 1)


def test_subtests(subtests):
    with subtests.test("one"):
        assert tries("subtests") > 1


@pytest.mark.xfail(strict=True)
def test_expected():
    pass


@pytest.mark.mission_critical
def test_critical():
    assert tries("critical") > 1
"""
BROKEN_FIXTURE = """
import pytest
from test_kinds import tries


@pytest.fixture(scope="module")
def broken():
    tries("broken")
    raise OSError("no server")


def test_first(broken):
    pass


def test_second(broken):
    pass
"""


def tried(folder: Path) -> Counter[str]:
    """Return how often each test was tried again at once, by its name."""
    names: dict[int, str] = {}
    counts: Counter[str] = Counter()
    for journal in sorted(folder.glob("*.jsonl")):
        for line in journal.read_bytes().splitlines():
            record = decoder.decode(line)
            if isinstance(record, AgainStarted):
                counts[names[record.i]] += 1
            elif isinstance(record, FileCollected):
                names |= {number: test.suffix for number, test in enumerate(record.tests, start=record.first)}
    return counts


AGAIN_ONLY = SETTINGS.replace('budget = "20m"', 'budget = "0.25s"')
"""Less than any other trial takes."""


def test_what_failed_is_tried_again_at_once_and_every_report_stays_that_of_the_first_go(
    repository: Repository,
) -> None:
    repository.commit({"pyproject.toml": AGAIN_ONLY, "test_kinds.py": KINDS, "test_z_fixture.py": BROKEN_FIXTURE})

    code, printed = repository.ci_toolkit("run", "--shards", "1", "--no-history", "--", "--junitxml=own.xml")

    assert code == 1, printed
    shard = repository.results / "shard-1"
    assert tried(shard / "journal") == {
        "test_own_fixtures_are_new_and_wider_ones_stay": 1,
        "test_tidies_up_what_it_failed_of": 1,
        "test_fails_always": 3,
        "Unit::test_unit": 1,
        "test_expected": 3,
        "test_second": 3,  # its broken fixture is gone with the last test of the file, and not before
    }
    why = repository.why("test_own_fixtures_are_new_and_wider_ones_stay")
    assert why == "red: new failure: the head passed again at once; the budget for trials is spent"
    counts = repository.verdict().counts
    assert (counts.total, counts.failed, counts.errors) == (10, 7, 2)
    assert (repository.folder / "own.xml").read_text().count("<testcase ") == 10
    assert "8 failed, 1 passed, 2 errors" in (shard / "output" / "1.log").read_text()
    assert (repository.outside / "critical").read_text() == "x"


LATE_SUBTESTS = """
import os
import unittest
from pathlib import Path

OUTSIDE = Path(os.environ["OUTSIDE"])


def assert_was_tried(name):
    is_first = not (OUTSIDE / name).exists()
    (OUTSIDE / name).touch()
    assert not is_first


def test_pytest(subtests):
    assert_was_tried("pytest")
    with subtests.test("one"):
        assert False


class Unit(unittest.TestCase):
    def test_unit(self):
        assert_was_tried("unit")
        with self.subTest("one"):
            assert False
"""


def test_a_try_in_which_a_subtest_failed_has_failed(repository: Repository) -> None:
    repository.commit({"pyproject.toml": AGAIN_ONLY, "test_late.py": LATE_SUBTESTS})

    repository.ci_toolkit("run", "--shards", "1", "--no-history")

    assert tried(repository.results / "shard-1" / "journal") == {"test_pytest": 3, "Unit::test_unit": 3}
    for test in ("test_pytest", "test_unit"):
        assert "the head failed again at once, 3 times" in repository.why(test)


PRODUCT = """
def first():
    return 1


def second():
    return 2
"""
TOUCHED = """
from product import first, second


def test_first():
    first()
    assert False


def test_second():
    second()
    assert False
"""


def test_a_try_tells_whether_the_test_runs_what_the_change_wrote(repository: Repository) -> None:
    repository.commit({"pyproject.toml": AGAIN_ONLY, "src/product.py": PRODUCT, "test_touched.py": TOUCHED})
    repository.git("switch", "-q", "-c", "change")
    repository.commit({"src/product.py": PRODUCT.replace("return 1", "return 1 + 0"), "README.md": "prose"})

    repository.ci_toolkit("run", "--shards", "1", "--no-history", "--coverage")

    ended = [
        record
        for line in (repository.results / "shard-1" / "journal" / "1-main.jsonl").read_bytes().splitlines()
        if isinstance(record := decoder.decode(line), AgainEnded)
    ]
    assert [record.touches for record in ended] == [True] * 3 + [False] * 3


DYING = """
import os
import signal
import time
from pathlib import Path

OUTSIDE = Path(os.environ["OUTSIDE"])


def is_first(name):
    found = (OUTSIDE / name).exists()
    (OUTSIDE / name).touch()
    return not found


def test_dies_again():
    assert not is_first("dies")
    os.kill(os.getpid(), signal.SIGKILL)


def test_hangs_again():
    assert not is_first("hangs")
    time.sleep(600)


def test_last():
    assert not is_first("last")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_try_that_kills_its_process_has_failed_and_the_tests_behind_it_run(
    repository: Repository, workers: tuple[str, ...]
) -> None:
    repository.commit({"pyproject.toml": AGAIN_ONLY, "test_dying.py": DYING})

    code, printed = repository.ci_toolkit(
        *("run", "--shards", "1", "--no-history", "--test-timeout", "2"), *(("--", *workers) if workers else ())
    )

    assert code == 1, printed
    verdict = repository.verdict()
    assert (verdict.counts.total, verdict.counts.failed, verdict.counts.errors) == (3, 3, 0)
    assert [breach.message for breach in verdict.breaches] == ["3 failed, 0 errors"]
    assert "the head failed again at once" in repository.why("test_dies_again")
    assert "the head failed again at once" in repository.why("test_hangs_again")
    assert "the head passed again at once" in repository.why("test_last")
    assert all("AssertionError" in failure.message for failure in verdict.failures)


def test_ctrl_c_in_a_try_loses_nothing_that_was_known(repository: Repository) -> None:
    repository.commit({"pyproject.toml": AGAIN_ONLY, "test_dying.py": DYING[: DYING.index("def test_last")]})

    process = repository.start("run", "--shards", "1", "--no-history", "-k", "hangs")
    journal = repository.results / "shard-1" / "journal" / "1-main.jsonl"
    while not (journal.exists() and b'"t":"again"' in journal.read_bytes()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)

    assert process.returncode == 130, printed
    assert repository.judged()["test_hangs_again"][1] is False
    assert repository.verdict().counts.failed == 1
