"""A test in quarantine that alone covers what the change wrote, in a repository of its own."""

import datetime as dt
import subprocess

import coverage
import pytest
from main_job_project import PLAIN, Project

from ci_toolkit.model.journal import Failure
from ci_toolkit.model.signature import signature_of

SHOP = """\
RATE = 1{0}


def pay():
    return RATE{0}


def refund():
    return -RATE{0}


def begin():
    return RATE{0}


def end():
    return RATE{0}


def begin_all():
    return RATE{0}


def end_all():
    return RATE{0}


def begin_mine():
    return RATE{0}


def end_mine():
    return RATE{0}
"""
LATE = "RATE = 1{0}\n\n\ndef both():\n    return RATE{0}\n\n\ndef once():\n    return RATE{0}\n"
CHILD = "import sys\n\ndef once():\n    return 0{0}\n\nif sys.argv[1:]:\n    once()\nelse:\n    print(1){0}\n"
TESTS = """\
import subprocess
import sys

import pytest
import shop


@pytest.fixture(scope="class")
def of_the_class():
    yield shop.begin()
    shop.end()


@pytest.fixture(scope="module")
def of_the_file():
    yield shop.begin_all()
    shop.end_all()


@pytest.fixture(scope="module")
def mine():
    yield shop.begin_mine()
    shop.end_mine()


class TestShop:
    def test_before(self, of_the_class):
        assert shop.pay() == 1

    @pytest.mark.parametrize("n", [1, 2])
    def test_refund(self, n, of_the_class, of_the_file, mine):
        import late
        assert late.both() + late.once() == 2
        subprocess.run([sys.executable, "child.py", "once"], check=True)
        shop.refund()
        pytest.fail("the gateway does not answer", pytrace=False)


def test_after(of_the_file):
    import late
    assert late.both() == 1
    subprocess.run([sys.executable, "child.py"], check=True)
"""
ENTRY = """\
[[quarantine]]
test = "test_shop.py::TestShop::test_refund"
reason = "the gateway"
owner = "@payments"
issue = "#42"
since = {since}
expires = {expires}
signatures = ["{signature}"]
"""
SETTINGS = "[run]\nbranch = true\npatch = subprocess\n"
SAID = "the gateway does not answer"
REFUND = "test_shop.py::TestShop::test_refund"
ALONE = ["child.py:4", "late.py:9", "shop.py:9", "shop.py:29", "shop.py:33"]


def git(project: Project, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=project.folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def product(end_of_line: str) -> dict[str, str]:
    return {
        name: text.format(end_of_line) for name, text in {"shop.py": SHOP, "late.py": LATE, "child.py": CHILD}.items()
    }


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A branch that writes each statement anew, of a project whose main has a test in quarantine."""
    project = Project(tmp_path_factory.mktemp("quarantine"))
    project.write({**product(""), "test_shop.py": TESTS, "pytest.ini": "[pytest]\npythonpath = .\n"})
    project.write({".coveragerc": SETTINGS, ".gitignore": ".ci-toolkit\n__pycache__\n.coverage\n"})
    failure = Failure(message=f"Failed: {SAID}", detail=SAID)
    signature = signature_of(failure, f"{REFUND}[1]").digest
    today = dt.datetime.now(tz=dt.UTC).date()
    end = today + dt.timedelta(days=3)
    project.write({"quarantine.toml": ENTRY.format(since=today, expires=end, signature=signature)})
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=one")
    git(project, "checkout", "--quiet", "-b", "feature")
    project.write(product("  # anew"))
    git(project, "commit", "--quiet", "--all", "--message=two")
    return project


def places(project: Project) -> list[str]:
    alone = project.verdict["quarantine"]["alone"]
    assert {tuple(lines["tests"]) for lines in alone} == {(REFUND,)}
    return [f"{lines['path']}:{lines['first']}" for lines in alone]


def test_a_run_excuses_no_test_that_alone_covers_what_the_change_wrote(repository: Project) -> None:
    done = repository.ci_toolkit(
        "run", "--no-history", "--shards", "1", "--parallel", "--workers", "2", "--coverage", "--", *PLAIN
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert places(repository) == ALONE
    assert f"note: no failure of {REFUND} is excused in this run: only tests in quarantine cover" in done.stdout
    assert "what the change wrote in child.py:4" in (repository.out / "summary.md").read_text()
    data = coverage.CoverageData(basename=str(repository.out / ".coverage"))
    data.read()
    assert data.measured_contexts() == {""}, "what others read of coverage is as if no test were in quarantine"


def test_the_merge_of_shards_that_excuse_it_does_not(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", git(repository, "rev-parse", "main"))
    repository.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    shard = repository.ci_toolkit("shard", "1", "--coverage")
    assert shard.returncode == 0, shard.stdout + shard.stderr
    merge = repository.merge("--no-history")
    assert merge.returncode == 1, merge.stdout + merge.stderr
    assert places(repository) == ALONE
    assert repository.verdict["counts"]["quarantined"] == 0
    for failure in repository.verdict["failures"]:
        assert "only tests in quarantine cover what the change wrote in child.py:4" in failure["why"]
