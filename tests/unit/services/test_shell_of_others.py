"""What a developer's shell says of other servers reaches no client of ours."""

import os

import pytest

from ci_toolkit.services.catalog.surroundings import LIBPQ, corrected, corrections, without_libpq_variables

HERE = "127.0.0.1,localhost,::1"
SHELLS = {
    "nothing": ({"HOME": "/h"}, {}),
    "libpq": ({"PGSSLMODE": "verify-full", "PGSERVICE": "prod"}, {"PGSSLMODE": None, "PGSERVICE": None}),
    "what we set ourselves": ({"PGHOST": "elsewhere", "PGPORT": "1", "PGUSER": "u"}, {}),
    "the server's own": ({"PGDATA": "/var/lib/postgresql"}, {}),
    "a proxy": ({"HTTP_PROXY": "http://p:1"}, {"no_proxy": HERE, "NO_PROXY": HERE}),
    "a proxy by its small name": ({"all_proxy": "socks5://p"}, {"no_proxy": HERE, "NO_PROXY": HERE}),
    "no proxy": ({"HTTP_PROXY": ""}, {}),
    "a proxy with exceptions": (
        {"https_proxy": "http://p:1", "NO_PROXY": ".corp, localhost"},
        {"no_proxy": ".corp,localhost,127.0.0.1,::1", "NO_PROXY": ".corp,localhost,127.0.0.1,::1"},
    ),
    "a proxy for nothing": ({"HTTP_PROXY": "http://p:1", "no_proxy": "*"}, {}),
    "a proxy past this machine": ({"HTTP_PROXY": "http://p:1", "no_proxy": HERE}, {}),
}


@pytest.mark.parametrize(("shell", "changes"), SHELLS.values(), ids=SHELLS.keys())
def test_what_leads_elsewhere_is_taken_out_and_this_machine_needs_no_proxy(
    shell: dict[str, str], changes: dict[str, str | None]
) -> None:
    assert corrections(shell) == changes


def test_a_child_gets_the_corrected_environment() -> None:
    shell = {"HOME": "/h", "PGOPTIONS": "-c search_path=prod", "http_proxy": "http://p:1"}
    assert corrected(shell) == {"HOME": "/h", "http_proxy": "http://p:1", "no_proxy": HERE, "NO_PROXY": HERE}
    assert corrections(corrected(shell)) == {}


def test_a_connection_is_opened_without_them_and_they_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBPQ:
        monkeypatch.setenv(name, "elsewhere")
    with without_libpq_variables():
        assert not LIBPQ & os.environ.keys()
    assert os.environ.keys() >= LIBPQ


def test_two_connections_that_are_opened_at_once_both_see_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "elsewhere")
    first, second = without_libpq_variables(), without_libpq_variables()
    with first:
        second.__enter__()
    assert "PGSSLMODE" not in os.environ
    second.__exit__(None, None, None)
    assert os.environ["PGSSLMODE"] == "elsewhere"
