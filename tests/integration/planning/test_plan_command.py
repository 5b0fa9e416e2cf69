import subprocess
import sys
from pathlib import Path

import pytest

from ci_toolkit.model.plan import Plan, plan_from_json


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for number in range(6):
        tests = "\n".join(f"def test_{test}():\n    pass\n" for test in range(number + 1))
        (tmp_path / f"test_{number}.py").write_text(tests)
    grouped = '@pytest.mark.xdist_group("db")\ndef test_grouped():\n    pass\n'
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(f"import pytest\n\n\n{grouped}\n\ndef test_free():\n    pass\n")
    return tmp_path


def plan(suite: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    return toolkit(suite, "plan", "--no-history", *arguments, code=code)


def toolkit(suite: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ci_toolkit", *arguments]
    done = subprocess.run(
        command, cwd=suite, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    return done


def read(path: Path) -> Plan:
    return plan_from_json(path.read_bytes(), origin=str(path))


def test_auto_finds_the_count_and_says_what_it_costs(suite: Path) -> None:
    done = plan(suite, "--shards", "auto", "--target", "8s", "--overhead", "2s", "--price", "0.5")
    assert len(read(suite / "plan.json").shards) == 5
    assert "are billed 5 minutes, each rounded up: 2.50 at 0.5 a minute; 2 jobs would take" in done.stderr


def test_auto_before_the_first_run_takes_few_shards_and_says_that_it_guesses(suite: Path) -> None:
    done = plan(suite, "--shards", "auto", "--target", "0.5s")
    assert "starts with 16 shards and counts each test as 1 s" in done.stderr
    assert len(read(suite / "plan.json").shards) == 16


def test_what_no_count_can_meet_is_told_and_planned_all_the_same(suite: Path) -> None:
    (suite / "times.json").write_text('{"test_5.py::test_0": 9.0, "test_4.py::test_0": 1.0}')
    toolkit(suite, "history", "import", "times.json")
    done = toolkit(suite, "plan", "--shards", "auto", "--target", "0.5s")
    assert "no number of shards up to 256 meets the target of 0.5 s: capped by test_5.py::test_" in done.stderr
    assert (suite / "plan.json").exists()


def test_explain_draws_the_shards_and_the_bound(suite: Path) -> None:
    drawn = plan(suite, "--shards", "5", "--explain").stdout
    assert [line.split()[0] for line in drawn.splitlines()[:6]] == ["shard"] * 5 + ["bound"]


def test_a_group_over_two_files_lands_on_one_shard(suite: Path) -> None:
    plan(suite, "--shards", "25", "--keep", "xdist_group")
    made = read(suite / "plan.json")
    claims = {
        (unit.path, name): shard.index
        for shard in made.shards
        for unit in shard.units
        for cut in made.cuts
        if cut.path == unit.path
        for name in cut.pieces[unit.piece - 1]
    }
    assert claims["test_one.py", "test_grouped"] == claims["test_two.py", "test_grouped"]


def test_an_earlier_plan_is_stayed_close_to_and_a_lost_one_told(suite: Path) -> None:
    plan(suite, "--shards", "3", "--out", "before.json")
    (suite / "test_new.py").write_text("def test_new():\n    pass\n")
    plan(suite, "--shards", "3", "--previous", "before.json")
    before, after = read(suite / "before.json"), read(suite / "plan.json")
    homes = [{unit.path: shard.index for shard in made.shards for unit in shard.units} for made in (before, after)]
    moved = [path for path in homes[0] if homes[0][path] != homes[1][path]]
    assert len(moved) <= 1
    told = plan(suite, "--shards", "3", "--previous", "lost.json").stderr
    assert "there is no earlier plan to stay close to: lost.json" in told


@pytest.mark.parametrize("algorithm", ["least_duration", "duration_based_chunks"])
def test_pytest_splits_algorithms_can_be_chosen(suite: Path, algorithm: str) -> None:
    plan(suite, "--shards", "4", "--algorithm", algorithm)
    made = read(suite / "plan.json")
    assert made.algorithm == algorithm
    assert len(made.cuts) > 0


def test_a_typo_is_answered_with_what_can_be_written(suite: Path) -> None:
    assert "'auto'" in plan(suite, "--shards", "otto", code=2).stderr
    assert "1m30s" in plan(suite, "--shards", "auto", "--target", "soon", code=2).stderr
