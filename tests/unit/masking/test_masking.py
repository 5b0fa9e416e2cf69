"""What may be shown of a value: one table for every place that shows one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.masking import _secrets, masked, may_hold_secrets, without_secrets


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("password", "x", "***"),
        ("GITHUB_TOKEN", "x", "***"),
        ("github-token", "x", "***"),
        ("PGPASSWORD", "x", "***"),
        ("DB_PASS", "x", "***"),
        ("MYSQL_PWD", "x", "***"),
        ("pwd", "x", "***"),
        ("EMPTY_TOKEN", "", ""),
        ("NAME", "plain", "plain"),
        ("keep", "class", "class"),
        ("bypass", "plain", "plain"),
        ("COMPASS", "north", "north"),
        ("history", "postgresql://ci:hush@db:5432/history#app", "postgresql://ci:***@db:5432/history#app"),
    ],
)
def test_a_name_that_sounds_secret_shows_nothing(name: str, text: str, shown: str) -> None:
    assert masked(name, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (".ci-toolkit/history.sqlite", ".ci-toolkit/history.sqlite"),
        ("http://h:80/a", "http://h:80/a"),
        ("postgresql://me@h:5432/d?sslmode=require#p", "postgresql://me@h:5432/d?sslmode=require#p"),
        ("postgresql://me:hush@h/d", "postgresql://me:***@h/d"),
        ("redis://:p@ss/w@h/0", "redis://:***@h/0"),
        ("postgresql://me:hu#sh@h/d", "postgresql://me:***@h/d"),
        ("postgresql://me:hu/sh@h/d#p", "postgresql://me:***@h/d#p"),
        ("postgresql://me:hu?sh@h/d", "postgresql://me:***@h/d"),
        ("postgresql://me:[hush@h/d", "postgresql://me:***@h/d"),
        ("postgresql://me:hu sh@h/d", "postgresql://me:***@h/d"),
        ("postgresql://me:hu:s@h@h/d", "postgresql://me:***@h/d"),
        ("postgresql://h/d?password=hush", "postgresql://h/d?password=***"),
        ("postgresql://h/d?sslmode=require&password=hu#sh&x=1", "postgresql://h/d?sslmode=require&password=***&x=1"),
        ("postgresql://h/d?p%61ssword=hush", "postgresql://h/d?p%61ssword=***"),
        ("postgresql://me@h:5/d?password=hu@sh", "postgresql://me@h:***"),
        ("postgresql://me:hu?password=sh@h/d", "postgresql://me:***"),
        ("postgresql://me@corp:hush@h/d", "postgresql://me@corp:***@h/d"),
        ("host=h password='hu sh' user=me", "host=h password=***"),
        ("Server=h;PWD=hush;", "Server=h;PWD=***"),
        ("--token=hush", "--token=***"),
        ("https://hush@github.com/me/it", "https://***@github.com/me/it"),
        ("https://hush:x-oauth-basic@github.com/me/it", "https://***@github.com/me/it"),
        ("cannot reach amqp://me:hush@h/v", "cannot reach amqp://me:***@h/v"),
        ("sent ghs_0123456789abcdefABCDEF here", "sent *** here"),
        ("sent github_pat_0123456789abcdef_X here", "sent *** here"),
        ("sent AKIAIOSFODNN7EXAMPLE here", "sent *** here"),
        ("sent sk-0123456789-abcdefghij here", "sent *** here"),
        ("sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl here", "sent *** here"),
        ("{'Authorization': 'Basic aHVzaDpodXNo'}", "{'Authorization': 'Basic ***'}"),
        ("curl -H bearer 0123456789abcdef x", "curl -H bearer *** x"),
        ("the bearer of a basic token", "the bearer of a basic token"),
        ("task-oriented and AKIA", "task-oriented and AKIA"),
    ],
)
def test_the_secrets_in_a_text_are_hidden_and_the_rest_stays(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@given(st.text(min_size=1), st.text(alphabet="/?#[]@:%&= ;'"), st.sampled_from(["@h/d", "@h:5/d?x=1#p", "@[::1]/d"]))
def test_no_character_of_a_password_lets_it_out(rest: str, odd: str, after: str) -> None:
    password = f"hush{odd}{rest}"
    shown = without_secrets(f"postgresql://me:{password}{after}")
    assert shown.startswith("postgresql://me:***")
    assert f"***{after}".startswith(shown.removeprefix("postgresql://me:"))


PARTS = st.sampled_from([
    "://", "@", ":", "?", "&", "=", " ", "%6b", "key", "KEY", "toKen", "sa\u017ft", "pr\u0131vate", "pass", "pwd", "dsn", "bearer ", "basic ",
    "Authorization: ", "ghp_", "github_pat_", "AKIA", "sk-", "xoxb-", "eyJ", ".", "a" * 20, "A" * 16, "http", "cookie", "auth",
])  # fmt: skip


@given(st.lists(PARTS | st.text(max_size=3), max_size=8).map("".join))
def test_a_text_without_a_sign_of_a_secret_holds_none(text: str) -> None:
    assert may_hold_secrets(text) or not list(_secrets(text))
