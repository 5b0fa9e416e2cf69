"""Verdicts to publish, and what a hostile pull request plants in them."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from github_server import COMMIT, REPOSITORY, TOKEN, FakeGitHub
from msgspec import inspect

from ci_toolkit.cli.main import main
from ci_toolkit.model.record import to_json
from ci_toolkit.model.verdict import Counts, Coverage, Proof, Status, TestFailure, Verdict

PROOF = Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement="1 test has 1 outcome")
PASSED = Verdict(
    status=Status.PASSED,
    exit_code=0,
    plan_id="p",
    counts=Counts(total=1, passed=1),
    coverage=Coverage(percent=91.5, threshold=80.0),
    proof=PROOF,
)
HOSTILE = (
    "@everyone #1 [x](http://evil.example) **bold** <img src=x onerror=alert(1)> | `` ` ``\x1b[31mred "
    "\u202egnp.exe\u200b\u2066\n::error::owned\n##[error]owned\r\n# Passed"
)
INVISIBLE = "\x1b\u202e\u200b\u2066"
SECRETS = (TOKEN, "hunter2secret", "AKIAIOSFODNN7EXAMPLE", "s3cr3t-value-of-it", "abcdef0123456789abcdef")
PLANTED = (
    f"{TOKEN} postgresql://user:hunter2secret@host/db AKIAIOSFODNN7EXAMPLE https://x.example/?token=s3cr3t-value-of-it "
    "Authorization: Bearer abcdef0123456789abcdef"
)


def failed(*failures: TestFailure, **also: Any) -> Verdict:
    counts = Counts(total=len(failures), failed=len(failures))
    fields = {"status": Status.FAILED, "exit_code": 1, "counts": counts, "failures": failures, **also}
    return msgspec.structs.replace(PASSED, **fields)


def failure(name: str = "test_a.py::test_1", **also: Any) -> TestFailure:
    fields = {"node_id": name, "file": "test_a.py", "line": 7, "message": "assert 1 == 2", "shard": 1, **also}
    return TestFailure(**fields)


def poisoned() -> Verdict:
    """A verdict with hostile text wherever a stranger can put some."""
    hostile = failure(
        f"test_a.py::test_[{HOSTILE}]",
        file=f"a\n{HOSTILE}.py",
        line=2**62,
        outcome=HOSTILE,
        why=HOSTILE + PLANTED,
        message=f"{PLANTED}\n{HOSTILE}\n{'x' * 1_000_000}",
        detail=f"{HOSTILE}\n{'y' * 1_000_000}\n{PLANTED}\n::error::owned.py:3: E\n../../etc/passwd.py:1: E\n",
        output=PLANTED,
    )
    counts = Counts(total=10**15, failed=2)
    verdict = failed(hostile, failure(PLANTED), flaky=(hostile,), notes=(HOSTILE, PLANTED), advice=PLANTED)
    return msgspec.structs.replace(
        verdict, counts=counts, mode=HOSTILE, commit=HOSTILE, plan_id=PLANTED, proof=proof_of(HOSTILE + PLANTED)
    )


def poisoned_everywhere() -> Verdict:
    """A verdict whose every text is hostile and whose every number is absurd, whatever fields verdicts get."""
    return msgspec.convert({**filled(inspect.type_info(Verdict)), "schema": 1}, Verdict)


LEAVES: dict[type, Any] = {
    inspect.StrType: f"{HOSTILE}\n{PLANTED}\n{HOSTILE}",
    inspect.BoolType: False,
    inspect.IntType: 2**62,
    inspect.FloatType: 1e300,
}


def filled(kind: inspect.Type) -> Any:
    match kind:
        case inspect.StructType():
            return {field.encode_name: filled(field.type) for field in kind.fields}
        case inspect.UnionType():
            return filled(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
        case inspect.VarTupleType():
            return [filled(kind.item_type)] * 3
        case inspect.DictType():
            return {filled(kind.key_type): filled(kind.value_type)}
        case inspect.EnumType():
            return list(kind.cls)[1].value
    return LEAVES[type(kind)]


def proof_of(statement: str) -> Proof:
    return msgspec.structs.replace(PROOF, statement=statement)


def assert_no_secret_leaves(everything: str) -> None:
    """``everything`` is all that was sent and printed."""
    for hidden in (*SECRETS, *INVISIBLE):
        assert hidden not in everything


def assert_text_stays_text(markdown: str) -> None:
    for begins in ("@", "<img", "[x]("):
        assert begins not in markdown
    assert not re.search(r"^\s*::|##\[|^# ", markdown, re.MULTILINE)
    outside_code = re.sub(r"<code>.*?</code>", "", markdown)
    assert "everyone" not in outside_code
    assert "evil" not in outside_code


class Step:
    """A step of a job on GitHub Actions, in a folder of its own."""

    def __init__(self, folder: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.summary = folder / "summary.md"
        event = folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 3, "head": {"sha": COMMIT}}}))
        self.variables = {
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": "0" * 40,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_RUN_ID": "77",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(folder),
        }
        for name, value in self.variables.items():
            monkeypatch.setenv(name, value)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.chdir(folder)

    def check(self, verdict: Verdict | bytes, *options: str) -> int:
        path = self.folder / "verdict.json"
        path.write_bytes(verdict if isinstance(verdict, bytes) else to_json(verdict))
        return main(["github", "check", "--verdict", str(path), *options])
