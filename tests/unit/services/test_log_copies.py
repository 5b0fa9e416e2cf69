"""What a copy of a server's log shows."""

from pathlib import Path

import pytest

from ci_toolkit.services.log import KEPT_BYTES, copy_log


def copied(tmp_path: Path, text: str, *secrets: str) -> str:
    log, copy = tmp_path / "log", tmp_path / "copy.log"
    log.write_text(text)
    copy_log(log, copy, secrets=secrets)
    return copy.read_text()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("LOG:  ready", "LOG:  ready"),
        ("connecting to postgresql://app:hush@db/app", "connecting to postgresql://app:***@db/app"),
        ("conninfo host=db password=hush", "conninfo host=db password=***"),
        ("STATEMENT:  ALTER ROLE app PASSWORD 'longsecret'", "STATEMENT:  ALTER ROLE app PASSWORD '***'"),
    ],
)
def test_passwords_are_masked_and_the_rest_stands(tmp_path: Path, line: str, shown: str) -> None:
    assert copied(tmp_path, f"first\n{line}\nlast\n", "longsecret") == f"first\n{shown}\nlast\n"


def test_a_placeholder_of_a_password_does_not_blot_out_the_word(tmp_path: Path) -> None:
    text = 'database "test" does not exist\n'
    assert copied(tmp_path, text, "test", "") == text


def test_of_a_huge_log_the_end_is_kept_and_the_copy_says_so(tmp_path: Path) -> None:
    shown = copied(tmp_path, "".join(f"line {number}\n" for number in range(200_000)))
    assert len(shown) <= KEPT_BYTES + 100
    told, first, *_, last = shown.splitlines()
    assert told.startswith("[ci-toolkit left out the first ")
    assert first.startswith("line ")  # whole
    assert last == "line 199999"


def test_a_password_at_the_cut_of_a_long_line_is_hidden_as_well(tmp_path: Path) -> None:
    shown = copied(tmp_path, "x" * 3980 + "://app:hush-hush-hush" + "y" * 10_000 + "@db\nnext\n")
    assert "hush" not in shown
    assert shown.endswith(" [cut]\nnext\n")
