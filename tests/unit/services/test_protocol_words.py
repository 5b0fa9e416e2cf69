"""Protocols of other packages: how they are found, and what is said of one that is broken."""

from pathlib import Path

import pytest

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import planned
from ci_toolkit.services.catalog.plugins import GROUP, can_reset, load
from ci_toolkit.services.catalog.settings import table_from
from ci_toolkit.services.catalog.table import Protocol, ServiceEnvironment
from ci_toolkit.services.errors import PluginError
from ci_toolkit.services.readiness.probe import ProbeStatus, ask

ROW = {"protocol": "mail", "port": 1025, "command": ["mailpit"]}
ASKS = "class Mail:\n    def ask(self, endpoint, seconds): "


@pytest.fixture(autouse=True)
def fresh() -> None:
    load.cache_clear()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Install a package with a plug-in for the protocol ``mail``."""
    module = f"mail_{abs(hash((folder, text)))}"
    (folder / f"{module}.py").write_text(text)
    about = folder / "of_a_team-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: of-a-team\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\nmail = {module}:Mail\n")
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ("return '1.2'", ProbeStatus.READY),
        ("raise ConnectionRefusedError", ProbeStatus.CLOSED),
        ("raise TimeoutError", ProbeStatus.SILENT),
        ("raise OSError('loading')", ProbeStatus.STARTING),
        ("raise PermissionError('no such user')", ProbeStatus.DENIED),
        ("raise ValueError('an FTP server')", ProbeStatus.STRANGER),
    ],
)
def test_what_a_plug_in_raises_says_how_far_the_server_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: str, status: ProbeStatus
) -> None:
    install(tmp_path, monkeypatch, ASKS + answers)
    row = table_from({"outbox": ROW}, origin="here").service("outbox")
    endpoint = planned(row, ServiceEnvironment.TEST)
    assert (row.protocol, row.is_own, endpoint.url()) == (Protocol.PLUGIN, True, "mail://127.0.0.1:1025")
    assert ask(endpoint).status is status


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_module_here", "loading raised ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("Mail = object", ":Mail has no ask(endpoint, seconds)"),
        ("class Mail:\n    def __init__(self, host): ...\n", "making it raised TypeError: "),
        ("class Mail:\n    def ask(self, endpoint): return ''\n", "ask raised TypeError: "),
        (f"{ASKS}return 1", "its ask() returned 1, which is no version"),
        (f"{ASKS}raise KeyError('key')", "ask raised KeyError: 'key'"),
    ],
)
def test_a_broken_plug_in_is_said_with_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    install(tmp_path, monkeypatch, text)
    row = table_from({"outbox": ROW}, origin="here").service("outbox")
    with pytest.raises(PluginError) as caught:
        ask(planned(row, ServiceEnvironment.TEST))
    assert str(caught.value).startswith("the plug-in for protocol 'mail' of of-a-team is broken: ")
    assert says in str(caught.value)


def test_reset_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, ASKS + "return ''")
    assert not can_reset("mail")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"protocol": "mial", "port": 1}, "Did you mean 'mail'?"),
        (
            {"protocol": "plugin", "port": 1},
            "has protocol 'plugin', which neither ci-toolkit nor a plug-in here speaks",
        ),
        ({"protocol": "mail"}, "has no port"),
        ({"protocol": "mail", "port": 1}, "has protocol 'mail', and nothing to run"),
        ({"port": 1}, "Set it to one of: postgresql, redis, clickhouse, http, websocket, none, job, mail."),
    ],
)
def test_a_row_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict[str, object], says: str
) -> None:
    install(tmp_path, monkeypatch, ASKS + "return ''")
    with pytest.raises(ConfigurationError) as caught:
        table_from({"outbox": row}, origin="here")
    assert says in str(caught.value)
