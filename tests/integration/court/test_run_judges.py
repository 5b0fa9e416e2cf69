import datetime as dt
from pathlib import Path

from court_lab import SETTINGS, Repository

from ci_toolkit.model.trial import How

PRODUCT = "def answer():\n    return 42\n"
TESTS = """
import os
from pathlib import Path

import product
import pytest
from product import answer, place

LEFT = []


def fails_the_first_time(name):
    seen = Path(os.environ["OUTSIDE"], name)
    try:
        seen.touch(exist_ok=False)
    except FileExistsError:
        return
    raise AssertionError("it was the first time")


def test_leaves_something():
    LEFT.append(1)


def test_victim():
    assert not LEFT


def test_other_victim():
    assert LEFT == []


def test_broken():
    assert answer() == 42


def test_data():
    assert answer() == 42 or not Path(".data").exists()


def test_moves():
    place()


def test_needs():
    assert (Path(__file__).parent / product.DATA).exists()


@pytest.mark.mission_critical
def test_critical():
    fails_the_first_time("critical")
"""
PLACE = """

DATA = "built.bin"


def place():
    global DATA
    DATA = "built.bin"
"""
NEW = "\n\ndef test_new():\n    assert answer() == 43\n"


def test_run_excuses_what_trials_explain_and_nothing_else(repository: Repository) -> None:
    (repository.folder / ".data").mkdir()  # git does not know it, and no clean checkout has it
    (repository.folder / "built.bin").touch()  # a clean checkout of the head has it, and the base does not
    before = PRODUCT + PLACE
    repository.commit(
        {"pyproject.toml": SETTINGS, ".gitignore": "*.bin\n", "src/product.py": before, "test_all.py": TESTS}
    )
    repository.git("switch", "-q", "-c", "change")
    after = before.replace("42", "41").replace('    DATA = "built', '    DATA = "moved')
    repository.commit({"src/product.py": after, "test_all.py": TESTS + NEW})

    code, printed = repository.ci_toolkit("run", "--shards", "1", "--no-history")

    assert code == 1, printed
    assert repository.judged() == {
        "test_victim": ("order-dependent", True),
        "test_other_victim": ("order-dependent", True),
        "test_broken": ("regression", False),
        "test_data": ("regression", False),
        "test_needs": ("new failure", False),
        "test_critical": ("new failure", False),
        "test_new": ("new failure", False),
    }
    assert "the base failed in the same order alike" in repository.why("test_victim")
    assert "the base passed alone" in repository.why("test_broken")
    assert "the base does not have it" in repository.why("test_new")
    assert "the head passed there and failed in the checkout of the run" in repository.why("test_data")
    assert "it may lack what git ignores" in repository.why("test_needs")
    assert "7 failed, 0 errors; 2 of them excused" in printed
    (replay,) = {trial.number for card in repository.cards() for trial in card.trials if trial.trial.how is How.ORDER}
    assert f"{replay}" in {path.name for path in (repository.results / "shard-1" / "trials").iterdir()}
    assert repository.work_trees() == 1
    assert "trial: the base alone passed" in printed


FLAKE = """
import os
from pathlib import Path

def test_random():
    seen = Path(os.environ["OUTSIDE"], "random")
    is_first = not seen.exists()
    seen.touch()
    assert not is_first

def test_quiet():
    Path("report.txt").write_text("from " + os.environ.get("PYTEST_CURRENT_TEST", ""))
"""


def test_a_run_with_nothing_but_flakes_is_green_and_its_reports_are_those_of_the_first_run(
    repository: Repository,
) -> None:
    repository.commit({"pyproject.toml": SETTINGS, "test_a.py": FLAKE})

    code, printed = repository.ci_toolkit(
        "run", "--shards", "1", "--no-history", "--coverage", "--", "--junitxml=own.xml"
    )

    assert code == 0, printed
    assert repository.judged() == {"test_random": ("flaky", True)}
    verdict = repository.verdict()
    assert (verdict.counts.total, verdict.counts.failed, verdict.counts.excused) == (2, 1, 1)
    assert verdict.coverage.percent is not None
    assert "<failure" in (repository.folder / "own.xml").read_text()
    assert sorted(path.name for path in (repository.results / "shard-1" / "trials" / "1").iterdir()) == [
        "journal",
        "output",
    ]
    assert "passed: 1 failed, 1 passed; 1 flaky, 1 excused" in printed

    journal = next(Path(repository.results, "shard-1", "trials", "1", "journal").iterdir())
    journal.write_bytes(journal.read_bytes() + b"{}\n")
    code, printed = repository.ci_toolkit(
        "merge", "--plan", ".ci-toolkit/out/plan.json", "--no-history", "--out", "again"
    )
    assert code == 5, printed
    assert "journal-damaged" in printed


LEAVES = """
from pathlib import Path

from product import answer


def has_left_something():
    mark = Path("left-by-the-first-failure")
    if mark.exists():
        return True
    mark.touch()
    return False


def test_leaves():
    assert has_left_something() or answer() == 42
"""


BUILT = "from built import ANSWER\n\n\ndef answer():\n    return ANSWER\n"


def test_a_regression_that_leaves_something_by_which_every_later_try_passes_is_red(repository: Repository) -> None:
    repository.commit(
        {"pyproject.toml": SETTINGS, "src/product.py": PRODUCT, ".gitignore": "built.py\n", "test_leaves.py": LEAVES}
    )
    (repository.folder / "src" / "built.py").write_text("ANSWER = 41\n")
    repository.git("switch", "-q", "-c", "change")
    repository.commit({"src/product.py": BUILT})

    code, printed = repository.ci_toolkit("run", "--shards", "1", "--no-history")

    assert code == 1, printed
    assert repository.judged() == {"test_leaves": ("regression", False)}
    assert "the head failed alone, 2 times; the base passed alone, 16 times" in repository.why("test_leaves")
    (failure,) = repository.verdict().failures
    _, *rerun = failure.reproduce.split()
    assert rerun[-1] == "--clean"
    assert [repository.ci_toolkit(*words)[0] for words in (rerun[:-1], rerun)] == [0, 1]
    assert repository.work_trees() == 1


SELDOM = """
from product import answer

GOES = []


def test_seldom():
    assert answer() == 42
    GOES.append(1)
    assert len(GOES) > 5
"""


def test_a_touched_test_that_fails_on_the_base_alike_is_excused_once_the_head_has_passed(
    repository: Repository,
) -> None:
    repository.commit({"pyproject.toml": SETTINGS, "src/product.py": PRODUCT, "test_seldom.py": SELDOM})
    repository.git("switch", "-q", "-c", "change")
    repository.commit({"src/product.py": PRODUCT.replace("42", "40 + 2")})

    code, printed = repository.ci_toolkit("run", "--shards", "1", "--no-history")

    assert code == 0, printed
    assert repository.judged() == {"test_seldom": ("environment", True)}
    assert repository.why("test_seldom").endswith("the head passed when it was tried again and again in the same order")


def test_ctrl_c_ends_the_trials_and_leaves_the_failures_red(repository: Repository) -> None:
    repository.commit({"pyproject.toml": SETTINGS, "test_a.py": FLAKE})

    code, printed = repository.interrupted_at("trial:", "run", "--shards", "1", "--no-history")

    assert code == 130, printed
    assert repository.judged() == {"test_random": ("new failure", False)}
    assert "ended: SIGINT" in repository.why("test_random")
    assert repository.work_trees() == 1


def test_without_the_setting_nothing_is_tried_and_nothing_excused(repository: Repository) -> None:
    repository.commit({"test_a.py": FLAKE})

    code, printed = repository.ci_toolkit("run", "--shards", "1", "--no-history")

    assert code == 1, printed
    assert "trial" not in printed
    journals = (repository.results / "shard-1" / "journal").iterdir()
    assert not [journal for journal in journals if b"again" in journal.read_bytes()]
    assert repository.judged() == {"test_random": ("", False)}


VICTIM = "LEFT = []\n\ndef test_a():\n    LEFT.append(1)\n\ndef test_victim():\n    assert not LEFT\n"
BROKEN = "from product import answer\n\ndef test_answer():\n    assert answer() == 42\n"


def test_shards_try_their_failures_in_their_own_jobs_and_the_merge_judges_by_what_they_saw(
    repository: Repository,
) -> None:
    repository.commit(
        {"pyproject.toml": SETTINGS, "src/product.py": PRODUCT, "a/test_a.py": VICTIM, "b/test_b.py": BROKEN}
    )
    repository.git("switch", "-q", "-c", "change")
    repository.commit({"src/product.py": PRODUCT.replace("42", "41")})

    repository.ci_toolkit("plan", "--shards", "2")
    ended = [repository.ci_toolkit("shard", index, "--results", "results") for index in ("1", "2")]
    code, printed = repository.ci_toolkit("merge", "--results", "results")

    assert sorted(exit_code for exit_code, _ in ended) == [0, 1], ended
    assert code == 1, printed
    assert repository.judged() == {"test_victim": ("order-dependent", True), "test_answer": ("regression", False)}
    _, told = repository.ci_toolkit("history", "show", "--test", "a/test_a.py::test_victim")
    assert "isolated" in told
    assert "order" in told


QUARANTINED = """[[quarantine]]
test = "test_a.py::test_gateway"
reason = "the gateway answers late"
owner = "@payments"
issue = "https://example.com/42"
since = {today}
expires = {today}
signatures = ["{signature}"]
"""


def test_a_shard_in_which_only_a_known_failure_of_the_quarantine_failed_is_not_red(repository: Repository) -> None:
    gateway = 'def test_gateway():\n    raise OSError("{}")\n'
    repository.commit({"test_a.py": gateway.format("it is late")})
    repository.ci_toolkit("run", "--shards", "1", "--no-history")
    (failure,) = repository.verdict().failures
    today = dt.datetime.now(tz=dt.UTC).date()
    repository.commit({"quarantine.toml": QUARANTINED.format(today=today, signature=failure.signature)})

    repository.ci_toolkit("plan", "--shards", "1")
    known, printed = repository.ci_toolkit("shard", "1")
    assert known == 0, printed
    (repository.folder / "test_a.py").write_text(gateway.format("it is gone"))
    new, printed = repository.ci_toolkit("shard", "1")
    assert new == 1, printed
