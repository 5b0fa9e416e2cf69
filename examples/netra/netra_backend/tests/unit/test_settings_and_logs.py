"""
Test settings and logs

Business Value Justification (BVJ):
- Segment: Platform
- Business Goal: Secrets that stay secret
- Value Impact: No log, error or crash report gives an account away
- Strategic Impact: Security
"""

import json
import logging
import signal
import subprocess
import sys

import pytest
from shared.logs import JsonFormatter
from netra_backend.app.settings import Settings

VARIABLES = {
    "DATABASE_URL": "postgresql://netra:pa55word@db/netra",
    "REDIS_URL": "redis://:r3dis-pass@cache/0",
    "AUTH_SECRET": "a secret that is long enough for HS256",
}
MODEL = {"LLM_API_KEY": "sk-ours", "LLM_MODEL": "gpt-4", "LLM_BASE_URL": "https://model/v1"}
TESTS_MODEL = {"CI_TOOLKIT_LLM_API_KEY": "sk-tests", "CI_TOOLKIT_LLM_MODEL": "small"}
SCRIPTED = {"SCRIPTED_LLM_URL": "http://127.0.0.1:8090"}


@pytest.fixture
def settings_of(isolated_env):
    def read(*parts):
        for name in (*MODEL, *TESTS_MODEL, *SCRIPTED, "CI_TOOLKIT_LLM_BASE_URL", "PORT", "HOST"):
            isolated_env.delete(name)
        for part in (VARIABLES, *parts):
            isolated_env.update(part, source="test")
        return Settings.read(isolated_env)

    return read


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ([], ""),
        ([SCRIPTED], "scripted"),
        ([SCRIPTED, TESTS_MODEL], "small"),
        ([SCRIPTED, TESTS_MODEL, MODEL], "gpt-4"),
        ([{"LLM_API_KEY": "sk-without-a-model"}, SCRIPTED], "scripted"),
    ],
)
def test_a_script_answers_only_where_no_model_is_named(settings_of, parts, name):
    assert settings_of(*parts).model.name == name


@pytest.mark.parametrize("missing", VARIABLES)
def test_a_variable_that_is_missing_is_named(isolated_env, settings_of, missing):
    with pytest.raises(KeyError, match=missing):
        settings_of({missing: ""})


def test_no_secret_shows_in_the_settings(settings_of):
    shown = repr(settings_of(MODEL))
    for secret in ("pa55word", "r3dis-pass", VARIABLES["AUTH_SECRET"], "sk-ours"):
        assert secret not in shown


def test_a_log_line_is_json_without_secrets_and_tokens(settings_of):
    formatter = JsonFormatter(settings_of(MODEL).secrets())
    said = "netra:pa55word at r3dis-pass with sk-ours; Authorization: Bearer abc.def, eyJhbGciOi.eyJzdWIi.c2ln"
    record = logging.LogRecord("netra", logging.ERROR, __file__, 1, "%s", (said,), None)
    record.fields = {"request_id": "r1"}
    line = json.loads(formatter.format(record))
    assert (line["level"], line["request_id"]) == ("error", "r1")
    for secret in ("pa55word", "r3dis-pass", "sk-ours", "abc.def", "eyJ"):
        assert secret not in line["message"]


@pytest.mark.parametrize("service", ["analytics_service", "frontend"])
def test_a_service_logs_as_json_from_its_first_line_to_its_last(service, isolated_env):
    nobody = {"CLICKHOUSE_URL": "clickhouse://netra:pa55word@127.0.0.1:9/netra", "PORT": "0"}
    environment = isolated_env.get_subprocess_env(nobody | {"AUTH_SECRET": VARIABLES["AUTH_SECRET"]})
    command = [sys.executable, "-m", f"{service}.app.main"]
    lines = []
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            lines.append(json.loads(line))
            if "Uvicorn running" in lines[-1]["message"]:
                process.send_signal(signal.SIGTERM)
    assert "Finished server process" in lines[-1]["message"]
    assert "pa55word" not in str(lines)
