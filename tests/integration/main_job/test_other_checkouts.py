"""Shards that run in other folders than the merge: self-hosted runners, containers, another machine."""

import shutil
from pathlib import Path

from main_job_project import PLAIN, Project

HELPER = "def helper(flag):\n    if flag:\n        return 1\n    return 2\n"
FILES = {
    "pytest.ini": "[pytest]\npythonpath = . ..\n",
    "pkg.py": HELPER,
    "test_a.py": "import beside, pkg\n\ndef test_a(): assert pkg.helper(True) + beside.helper(True) == 2\n",
    "test_b.py": "import beside, pkg\n\ndef test_b(): assert pkg.helper(False) + beside.helper(False) == 0\n",
}


GENERATOR = """\
import pathlib, sys
here = pathlib.Path(__file__).parent
(here / "made.py").write_text("def of_build(flag):\\n    if flag:\\n        return 1\\n    return 2\\n")
(here / "spaces" / "deep").mkdir(parents=True, exist_ok=True)
(here / "spaces" / "deep" / "namespaced.py").write_text("ONE = 1\\n")
"""
TEMPORARY = """\
import made, os, pathlib
from spaces.deep import namespaced
def test_a(): assert made.of_build(True) == namespaced.ONE
def test_temporary(monkeypatch):
    pathlib.Path("fleeting.py").write_text("TWO = 2\\n")
    import fleeting
    os.remove("fleeting.py")
    assert fleeting.TWO == 2
"""


def test_what_shards_generate_counts_where_the_merge_lacks_it(tmp_path: Path) -> None:
    """Without git here; a file that a test removed has no part, as in plain pytest."""
    files = {
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "conftest.py": GENERATOR,
        "test_a.py": TEMPORARY,
        "test_b.py": "import made\ndef test_b(): assert made.of_build(False) == 2\n",
    }
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    there, here = Project(tmp_path / "there"), Project(tmp_path / "here")
    there.write(files)
    there.ci_toolkit("plan", "--shards", "2", "--", *PLAIN, "--cov=.").check_returncode()
    for index in ("1", "2"):
        there.ci_toolkit("shard", index, "--coverage", "--results", str(tmp_path / "results")).check_returncode()
    here.write({**files, "plan.json": (there.folder / "plan.json").read_text()})
    shutil.rmtree(there.folder)
    done = here.ci_toolkit("merge", "--results", str(tmp_path / "results"), "--no-history")
    assert (done.returncode, here.verdict["status"]) == (0, "passed"), done.stdout
    assert here.verdict["coverage"]["percent"] == 100.0
    said = "\n".join(here.verdict["notes"])
    assert "coverage leaves out what tests made and removed" in said
    assert "by copies that the shards kept: " in said
    assert "made.py" in said
    assert "namespaced.py" in said


def test_bundles_of_other_checkouts_are_merged_here(tmp_path: Path) -> None:
    """Each checkout is a project in a repository of several, with a module beside it."""
    projects = []
    for name in ("one", "two", "here"):
        folder = tmp_path / name / "project"
        folder.mkdir(parents=True)
        (folder.parent / "beside.py").write_text(HELPER)
        projects.append(Project(folder))
        projects[-1].write(FILES)
    one, two, here = projects
    source = ("--cov=pkg", "--cov=beside")
    assert here.ci_toolkit("plan", "--shards", "2", "--", *PLAIN, *source).returncode == 0
    for index, there in enumerate((one, two), start=1):
        shutil.copy(here.folder / "plan.json", there.folder)
        done = there.ci_toolkit("shard", str(index), "--coverage", "--results", str(tmp_path / "results"))
        assert done.returncode == index - 1, done.stdout
        shutil.rmtree(there.folder.parent)
    done = here.ci_toolkit("merge", "--results", str(tmp_path / "results"), "--no-history")
    assert (done.returncode, here.verdict["status"]) == (1, "failed"), done.stdout
    assert here.verdict["coverage"]["percent"] == 100.0
    assert here.verdict["failures"][0]["file"] == "test_b.py"
    xml = (here.out / "coverage.xml").read_text()
    assert "pkg.py" in xml
    assert "one" not in xml.replace("condition", "")
