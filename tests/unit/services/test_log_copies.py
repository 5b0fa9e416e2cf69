"""What a copy of a server's log shows."""

from pathlib import Path

import pytest

from ci_toolkit.services.processes.logs import KEPT_BYTES, copy_log, tail_of


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


@pytest.mark.parametrize(
    ("password", "line"),
    [
        ("p@ss/w rd", "url=db://app:p%40ss%2Fw%20rd"),
        ("p@ss/w rd", "form p%40ss%2Fw+rd"),
        ("longsecret", "Authorization: bG9uZ3NlY3JldA=="),
        ("first-half\nsecond-half", "said first-half"),
    ],
)
def test_a_password_is_hidden_in_the_forms_that_servers_write(tmp_path: Path, password: str, line: str) -> None:
    shown = copied(tmp_path, f"{line}\n", password)
    assert "***" in shown
    assert line.rsplit(maxsplit=1)[-1].removeprefix("url=db://app:") not in shown


def test_the_end_of_a_log_in_an_error_hides_what_its_copy_hides(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("PASSWORD 'longsecret' db://app:hush@db/app\n")
    assert tail_of(log, secrets=["longsecret"]) == "PASSWORD '***' db://app:***@db/app"


def test_no_half_password_stands_where_the_end_of_a_log_is_cut_off(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("longsecret" + "x" * 3980 + "\nlast line of it\n")
    assert tail_of(log, secrets=["longsecret"]) == "last line of it"
