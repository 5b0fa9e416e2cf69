import codecs
import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from ci_toolkit.config.quarantine import LARGEST, load_quarantine, quarantine_limits
from ci_toolkit.config.quarantine_file import QuarantineError, read_quarantine
from ci_toolkit.config.toml_lines import LONGEST
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.quarantine import Quarantine, QuarantineEntry, QuarantineLimits

ENTRY = """\
[[quarantine]]
test = "tests/test_pay.py::test_charge[a b]"
reason = "the gateway answers too late"
owner = "@payments"
issue = "https://example.com/42"
since = 2026-11-01
expires = 2026-12-01
signatures = ["0123456789abcdef"]
"""


def problems_of(text: str | bytes) -> str:
    with pytest.raises(QuarantineError) as error:
        read_quarantine(text if isinstance(text, bytes) else text.encode())
    return error.value.message


def test_a_file_is_read_with_the_line_of_each_entry_and_its_digest() -> None:
    text = f"# why\n\n{ENTRY}\n{ENTRY.replace('test_charge[a b]', 'test_refund')}"
    quarantine = read_quarantine(text.encode())
    assert quarantine.digest == hashlib.sha256(text.encode()).hexdigest()
    assert quarantine.entries[0] == QuarantineEntry(
        test="tests/test_pay.py::test_charge[a b]",
        reason="the gateway answers too late",
        owner="@payments",
        issue="https://example.com/42",
        since=date(2026, 11, 1),
        expires=date(2026, 12, 1),
        signatures=("0123456789abcdef",),
        line=3,
    )
    assert [entry.line for entry in quarantine.entries] == [3, 12]


def test_a_byte_order_mark_is_no_matter() -> None:
    (entry,) = read_quarantine(codecs.BOM_UTF8 + ENTRY.encode()).entries
    assert entry.line == 1


def test_values_may_go_over_lines_and_look_like_headers() -> None:
    text = ENTRY.replace('"the gateway answers too late"', '"""\n[[quarantine]]\nowner = 1\n"""').replace(
        '["0123456789abcdef"]', '[\n  "0123456789abcdef", # one\n]'
    )
    (entry,) = read_quarantine(text.replace("\n", "\r\n").encode()).entries
    assert entry.reason == "[[quarantine]]\nowner = 1\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("owner", "ownr", "quarantine.toml:4 has the unknown key 'ownr'. Did you mean 'owner'?"),
        ('owner = "@payments"\n', "", "quarantine.toml:1 begins an entry without owner"),
        ('owner = "@payments"', 'owner = " "', "quarantine.toml:4 has no text for owner"),
        ('reason = "the gateway answers too late"', "reason = 7", "quarantine.toml:3 has no text for reason"),
        ("2026-12-01", "2026-13-01", "quarantine.toml:7 has a date that is no day"),
        ("2026-12-01", '"2026-12-01"', "quarantine.toml:7 has a date expires that is no day"),
        ("2026-12-01", "2026-12-01T10:00:00", "quarantine.toml:7 has a date expires that is no day"),
        ("2026-12-01", "2026-10-01", "quarantine.toml:7 ends the entry on 2026-10-01, before it begins on 2026-11-01"),
        (
            "0123456789abcdef",
            "AssertionError.*",
            "quarantine.toml:8 has the signature 'AssertionError.*', which is none",
        ),
        ('["0123456789abcdef"]', "[]", "quarantine.toml:8 has signatures that are no list of any"),
        ('["0123456789abcdef"]', '"0123456789abcdef"', "quarantine.toml:8 has signatures that are no list of any"),
        ("::test_charge[a b]", "", "quarantine.toml:2 has the test 'tests/test_pay.py', which is none"),
        (
            "test_charge[a b]",
            "test_*",
            "quarantine.toml:2 has the test 'tests/test_pay.py::test_*', which is a pattern",
        ),
        (
            "tests/test_pay",
            "tests/*",
            "quarantine.toml:2 has the test 'tests/*.py::test_charge[a b]', which is a pattern",
        ),
        ("tests/", "./tests/", "quarantine.toml:2 has the test './tests/test_pay.py::test_charge[a b]', which pytest"),
        ("tests/", "tests//", "which pytest writes in another way: copy its name from the verdict"),
        ("tests/", "x/../tests/", "which pytest writes in another way"),
        ("tests/", "/tests/", "which pytest writes in another way"),
        ("tests/", "tests\\\\", "which pytest writes in another way"),
        ('"tests/test_pay.py::test_charge[a b]"', "1", "quarantine.toml:2 has a test that is no text"),
        ("[[quarantine]]\n", "", "quarantine.toml:1 stands before the first entry"),
        ("[[quarantine]]", "[quarantine]", "quarantine.toml:1 has another header than [[quarantine]]"),
        ("[[quarantine]]", "[[quarantined]]", "quarantine.toml:1 has another header than [[quarantine]]"),
        ('owner = "@payments"', 'owner = "@payments', "quarantine.toml:4 is no TOML: "),
        ('owner = "@payments"', 'test = "twice"', "quarantine.toml:4 is no TOML: "),
        ('["0123456789abcdef"]', "[", "quarantine.toml:9 is no TOML: "),
        (
            '["0123456789abcdef"]',
            "[" + "\n" * LONGEST + "]",
            "quarantine.toml:8 begins something of more than 500 lines",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, said: str) -> None:
    assert said in problems_of(ENTRY.replace(old, new, 1))


def test_every_problem_is_told_in_the_order_of_the_lines() -> None:
    told = problems_of(ENTRY.replace("owner", "ownr").replace("2026-12-01", '"soon"')).split("\n  ")
    assert [line.partition(" ")[0] for line in told] == ["quarantine.toml:1", "quarantine.toml:4", "quarantine.toml:7"]
    many = problems_of("a = 1\n" + "".join(f"x{number} = 1\n" for number in range(40)))
    assert many.endswith("and 21 more")


def test_a_second_entry_for_one_test_is_refused() -> None:
    said = problems_of(f"{ENTRY}\n{ENTRY}")
    assert said == (
        "quarantine.toml:10 begins a second entry for 'tests/test_pay.py::test_charge[a b]'; the first begins on line 1"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ENTRY.encode() + b"\n# \xff", "quarantine.toml:10 is not UTF-8"),
        (b"x = " + b"[" * 100_000, "quarantine.toml is nested too deeply"),
    ],
)
def test_a_hostile_file_is_an_error(data: bytes, said: str) -> None:
    assert said in problems_of(data)


def test_a_project_without_the_file_has_nothing_in_quarantine(tmp_path: Path) -> None:
    assert load_quarantine(tmp_path) == Quarantine()


def test_a_link_a_pipe_and_a_huge_file_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.toml"
    (tmp_path / "other").write_text(ENTRY)
    path.symlink_to("other")
    with pytest.raises(QuarantineError, match="cannot be read"):
        load_quarantine(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(QuarantineError, match="not a plain file"):
        load_quarantine(tmp_path)
    path.unlink()
    path.write_text("#" * (LARGEST + 1))
    with pytest.raises(QuarantineError, match="larger than"):
        load_quarantine(tmp_path)


def test_the_limits_come_from_the_settings(tmp_path: Path) -> None:
    assert quarantine_limits(tmp_path) == QuarantineLimits(most_entries=20, most_days=90)
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit.quarantine]\nmost-entries = 3\n")
    assert quarantine_limits(tmp_path) == QuarantineLimits(most_entries=3, most_days=90)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("most-entry = 3", "Did you mean 'most-entries'?"),
        ("most-days = -1", "is negative"),
        ("most-days = true", "int"),
    ],
)
def test_wrong_limits_are_refused(tmp_path: Path, setting: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.ci-toolkit.quarantine]\n{setting}\n")
    with pytest.raises(ConfigurationError) as error:
        quarantine_limits(tmp_path)
    assert said in str(error.value)
