"""History in a real PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from history_samples import HERE as ENVIRONMENT
from history_samples import NOW, file_run, run_of
from isolation_servers import postgresql_server

from ci_toolkit.history.locations import add_run, open_history, prune_history, shown
from ci_toolkit.history.store import UnreachableHistoryError


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql_server() as endpoint:
        login = endpoint.credentials
        yield f"postgresql://{login.user}:{login.password}@{endpoint.host}:{endpoint.port}/{login.database}"


def paths(url: str) -> frozenset[str]:
    store = open_history(url)
    assert store is not None
    with store:
        return store.paths(ENVIRONMENT)


def add(url: str, path: str) -> tuple[int, str]:
    return add_run(url, run_of(file_run({"t": 1.0}, path=path)), now=NOW)


def test_what_is_recorded_is_read_and_projects_are_kept_apart(server: str) -> None:
    assert open_history(f"{server}#one") is None
    assert add(f"{server}#one", "a.py") == (1, "")
    assert add(f"{server}#one", "b.py") == (1, "")
    assert add(f"{server}#one", "b.py") == (0, "")
    assert add(f"{server}#two", "c.py") == (1, "")
    assert paths(f"{server}#one") == {"a.py", "b.py"}
    assert paths(f"{server}#two") == {"c.py"}
    assert prune_history(f"{server}#one", gone=["a.py"], before=0.0).files == 1
    assert paths(f"{server}#one") == {"b.py"}


def test_merges_at_once_all_come_in(server: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda number: add(f"{server}#busy", f"{number}.py"), range(18)))
    assert done == [(1, "")] * 18
    assert len(paths(f"{server}#busy")) == 18


def test_damaged_row_is_kept_aside_and_a_new_history_begins(server: str) -> None:
    add(f"{server}#hurt", "a.py")
    with psycopg.connect(server) as connection:
        connection.execute("UPDATE ci_toolkit_history SET file = 'garbage' WHERE name = 'hurt'")
    new, told = add(f"{server}#hurt", "b.py")
    assert new == 1
    assert "damaged" in told
    assert paths(f"{server}#hurt") == {"b.py"}
    with psycopg.connect(server) as connection:
        kept = connection.execute("SELECT file FROM ci_toolkit_history WHERE name LIKE 'hurt damaged %'").fetchall()
    assert kept == [(b"garbage",)]


def test_password_is_never_shown(server: str) -> None:
    assert ":test@" not in shown(f"{server}#x")
    with pytest.raises(UnreachableHistoryError) as caught:
        open_history("postgresql://me:geheim@127.0.0.1:1/nowhere?sslpassword=geheim")
    assert "geheim" not in str(caught.value)
    odd = f"{server.replace(':test@', ':te%73t@')}#x"
    assert open_history(odd) is None  # a percent-encoded password is the password
