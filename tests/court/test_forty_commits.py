"""The whole way, plan, shards and merge, over forty commits: run by `nox -s court`, for it takes minutes."""

import time
from pathlib import Path

from court_lab import SETTINGS, Repository
from forty_commits import COMMITS, FILES, Commit

PLAN = (".ci-toolkit/plan.json",)


def test_each_failure_of_forty_commits_is_judged_as_what_it_is(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({"pyproject.toml": SETTINGS, **FILES})

    wrong = [told for number, commit in enumerate(COMMITS, start=1) if (told := played(repository, commit, number))]

    assert len(COMMITS) == 40
    assert not wrong, "\n".join(wrong)
    assert repository.work_trees() == 1


def played(repository: Repository, commit: Commit, number: int) -> str:
    """Run a commit on a branch of its own, merge it where it is green, and return what was not judged as it is."""
    began = time.monotonic()
    repository.git("switch", "-q", "-C", "change", "main")
    repository.commit(commit.change)
    for what in commit.world:
        (repository.outside / what).touch()
    repository.ci_toolkit("plan", "--shards", "2", "--out", *PLAN)
    for index in ("1", "2"):
        repository.ci_toolkit("shard", index, "--plan", *PLAN)
    code, printed = repository.ci_toolkit("merge", "--plan", *PLAN)
    for what in commit.world:
        (repository.outside / what).unlink(missing_ok=True)
    repository.git("switch", "-q", "main")
    if commit.exit_code == 0:
        repository.git("merge", "-q", "--ff-only", "change")
    judged = repository.judged()
    trials = sum(len(card.trials) for card in repository.cards())
    is_right = (code, judged) == (commit.exit_code, dict(commit.expected))
    is_right &= commit.most_trials is None or trials <= commit.most_trials
    told = "as it is" if is_right else "WRONG"
    print(f"{number:2}/{len(COMMITS)}  {told:8}  {time.monotonic() - began:5.1f} s  {commit.what}", flush=True)
    if is_right:
        return ""
    whys = "\n  ".join(f"{failure.node_id}: {failure.why}" for failure in repository.verdict().failures[:20])
    return f"{number} {commit.what}: exit {code}, {judged}, {trials} trials\n  {whys}\n{printed[-1500:] if not judged else ''}"
