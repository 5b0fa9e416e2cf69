"""How the application under test is found, and what is said where it is not."""

from pathlib import Path

import pytest

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.test_framework.agent_test_helpers import create_test_agent
from ci_toolkit.test_framework.application import ApplicationError, load_application, needed
from ci_toolkit.test_framework.websocket_client import WebSocketTestClient, backend_url_of, websocket_url


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def settings(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.ci-toolkit.framework]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not name the application under test\n  Implement Application once"),
        (
            "application = 'no_such_module_here:app'",
            "No module named 'no_such_module_here'\n  Put its folder on pytest's",
        ),
        ("application = 'json:dump_it'", "json has no 'dump_it'\n  Did you mean 'dump'?"),
        ("aplication = 'json:dumps'", "has no setting 'aplication'\n  Did you mean 'application'?"),
        ("application = 1", "cannot be used: Expected `str`, got `int` - at `$.application`"),
    ],
)
def test_what_is_wrong_with_the_setting_is_said_with_what_to_do(project: Path, text: str, said: str) -> None:
    settings(project, text)
    with pytest.raises(ConfigurationError) as caught:
        load_application()
    assert said in str(caught.value)
    assert "[tool.ci-toolkit.framework]" in str(caught.value)


def test_an_object_a_class_and_a_function_may_be_the_application(project: Path) -> None:
    (project / "netra_app_under_test.py").write_text(
        "class Application:\n    def create_agent(self, name): return f'agent {name}'\n"
        "def make(): return Application()\n"
        "ready = Application()\n"
    )
    for name in ("Application", "make", "ready"):
        settings(project, f"application = 'netra_app_under_test:{name}'")
        assert create_test_agent("cost_optimizer") == "agent cost_optimizer"


def test_a_method_that_is_missing_is_asked_for_by_name() -> None:
    with pytest.raises(
        ApplicationError, match=r"builtins.object has no method 'create_user', which create_test_user needs"
    ):
        needed(object(), "create_user", by="create_test_user")


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("http://127.0.0.1:8000", "", "ws://127.0.0.1:8000/ws"),
        ("https://staging.example.com/", "", "wss://staging.example.com/ws"),
        ("http://h:1/chat", "", "ws://h:1/chat"),
        ("http://h:1/chat", "/signup", "ws://h:1/signup"),
        ("ws://h:1", "", "ws://h:1/ws"),
    ],
)
def test_the_websocket_address_comes_from_the_backends(project: Path, base: str, path: str, url: str) -> None:
    assert project.is_dir()
    assert websocket_url(base, path) == url


def test_the_settings_say_where_the_backend_takes_connections(project: Path) -> None:
    settings(project, "websocket-path = '/chat/v2'")
    assert websocket_url("http://h:1") == "ws://h:1/chat/v2"


def test_a_client_that_is_told_no_address_uses_the_running_backend_or_the_table(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.is_dir()
    monkeypatch.delenv("BACKEND_URL", raising=False)
    assert WebSocketTestClient().url == "ws://127.0.0.1:8000/ws"
    monkeypatch.setenv("BACKEND_URL", "http://127.0.0.1:4321")
    assert WebSocketTestClient().url == "ws://127.0.0.1:4321/ws"
    assert backend_url_of({}) == "http://127.0.0.1:4321"
