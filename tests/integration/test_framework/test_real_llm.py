"""The real language model over the real protocol: counted, streamed, refused aloud, its key nowhere."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree as ET

import pytest

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.agent_test_helpers import mock_llm_response
from ci_toolkit.test_framework.llm_client import RealLLM, RealLLMError
from ci_toolkit.test_framework.llm_settings import LLMSettings, has_llm_credentials, read_llm_settings
from ci_toolkit.test_framework.scripted_llm import Reply, ScriptedLLM, ToolCall
from ci_toolkit.test_framework.secret import Secret

SUITE = """
import pytest

async def test_complete(real_llm):
    assert await real_llm.complete("What do I save?", temperature=0) == "Forty percent"

async def test_stream_and_tools(real_llm_fixture):
    pieces = [piece async for piece in real_llm_fixture.stream([{"role": "user", "content": "Tell me more"}])]
    assert pieces == ["One", " piece", " at", " a", " time"]
    answer = await real_llm_fixture.chat("Call it")
    assert answer.choices[0].message.tool_calls[0].function.name == "analyze_costs"

def test_without(): pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ci-toolkit]\n[tool.pytest.ini_options]\nasyncio_mode = 'auto'\naddopts = '--strict-markers'\n"
        "filterwarnings = ['error']\nasyncio_default_fixture_loop_scope = 'function'\n"
    )
    (tmp_path / "test_a.py").write_text(SUITE)
    return tmp_path


def run(folder: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *args],
        cwd=folder, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def credentials(llm: ScriptedLLM) -> dict[str, str]:
    return {
        "CI_TOOLKIT_LLM_BASE_URL": llm.base_url,
        "CI_TOOLKIT_LLM_API_KEY": llm.api_key,
        "CI_TOOLKIT_LLM_MODEL": llm.model,
    }


REPLIES = ("Forty percent", "One piece at a time", Reply(tool_calls=(ToolCall(name="analyze_costs"),)))


@pytest.mark.parametrize("args", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_calls_are_counted_and_priced_in_the_terminal_and_in_junit(suite: Path, args: tuple[str, ...]) -> None:
    with ScriptedLLM(REPLIES) as llm:
        prices = {"CI_TOOLKIT_LLM_INPUT_PRICE": "1000", "CI_TOOLKIT_LLM_OUTPUT_PRICE": "2000"}
        result = run(suite, "--junitxml=out.xml", *args, **credentials(llm), **prices)
        assert "3 passed" in result.stdout, result.stdout + result.stderr
    assert "3 calls, 9 tokens in, 8 tokens out, 0.0250 US dollars" in result.stdout
    assert "most tokens: 11 in test_a.py::test_stream_and_tools" in result.stdout
    assert llm.requests[0]["temperature"] == 0
    assert llm.requests[1]["stream_options"] == {"include_usage": True}
    used = {case.get("name"): properties(case) for case in ET.parse(suite / "out.xml").iter("testcase")}
    assert used["test_complete"] == {
        "llm_model": "scripted-model", "llm_calls": "1", "llm_input_tokens": "4", "llm_output_tokens": "2",
        "llm_cost_usd": "0.008000",
    }  # fmt: skip
    assert used["test_without"] == {}


def properties(case: ET.Element) -> dict[str, str]:
    return {one.get("name", ""): one.get("value", "") for one in case.iter("property")}


def test_what_a_test_used_is_in_the_merged_junit_of_a_sharded_run(suite: Path) -> None:
    (suite / "test_b.py").write_text(
        "import pytest\ndef test_recorded(record_property):\n    record_property('a<b', 'c&d')\n    pytest.skip('noted')\n"
    )
    with ScriptedLLM(["Forty percent"]) as llm:
        (suite / "test_a.py").write_text(SUITE.partition("async def test_stream")[0])
        done = subprocess.run(
            [sys.executable, "-m", "ci_toolkit", "run", "--shards", "1"],
            cwd=suite, env={"PATH": "/usr/bin:/bin", "HOME": str(suite), **credentials(llm)},
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    out = suite / ".ci-toolkit/out"
    for told in (done.stdout + done.stderr, (out / "summary.md").read_text(), (out / "report.html").read_text()):
        assert f"language model {llm.model}: 1 call, 4 tokens in, 2 tokens out" in told
    merged = ET.parse(suite / ".ci-toolkit/out/junit.xml")
    used = {case.get("name"): properties(case) for case in merged.iter("testcase")}
    assert used["test_complete"]["llm_input_tokens"] == "4"
    assert used["test_recorded"] == {"a<b": "c&d"}


MARKED = """
import pytest

@pytest.mark.real_llm
def test_marked(): pass

def test_fixture(real_llm): pass
"""


def test_without_credentials_its_tests_are_skipped_with_what_to_set(suite: Path) -> None:
    (suite / "test_a.py").write_text(MARKED)
    result = run(suite, CI="true")
    assert "2 skipped" in result.stdout, result.stdout
    assert "set CI_TOOLKIT_LLM_API_KEY and CI_TOOLKIT_LLM_MODEL (CI_TOOLKIT_LLM_BASE_URL for" in result.stdout


def test_without_credentials_they_fail_where_a_real_model_was_asked_for(suite: Path) -> None:
    (suite / "test_a.py").write_text(MARKED)
    result = run(suite, CI_TOOLKIT_REAL_LLM="1", CI_TOOLKIT_LLM_API_KEY="some-key")
    assert "2 errors" in result.stdout, result.stdout
    assert (
        "set CI_TOOLKIT_LLM_MODEL (CI_TOOLKIT_LLM_BASE_URL for an endpoint of your own); --real-llm asked"
        in result.stdout
    )


def test_a_mission_critical_test_is_never_skipped_for_want_of_a_model(suite: Path) -> None:
    (suite / "test_a.py").write_text(
        "import pytest\n@pytest.mark.mission_critical\n@pytest.mark.real_llm\ndef test_it(): pass\n"
    )
    result = run(suite)
    assert "1 error" in result.stdout, result.stdout
    assert "a mission-critical test is never skipped" in result.stdout


KEY = "sk-live-0123456789abcdef"


class Echo(BaseHTTPRequestHandler):
    """A server that gives the key away wherever it can."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = f'{{"error": {{"message": "no such key: {self.headers["Authorization"]}"}}}}'.encode()
        self.send_response(401, f"bad {KEY}")
        self.send_header("X-Key", KEY)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
        """Say nothing."""


@pytest.fixture
def echo() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


LEAKY = """
import logging
import os
import sys

async def test_complete(real_llm):
    print("stdout", os.environ["CI_TOOLKIT_LLM_API_KEY"])
    print("stderr", os.environ["CI_TOOLKIT_LLM_API_KEY"], file=sys.stderr)
    logging.getLogger("app").warning("key %s", os.environ["CI_TOOLKIT_LLM_API_KEY"])
    await real_llm.complete("hello")

async def test_stream(real_llm, request):
    request.node.user_properties.append(("seen", os.environ["CI_TOOLKIT_LLM_API_KEY"]))
    async for piece in real_llm.stream("hello"):
        pass

async def test_no_chain(real_llm):
    try:
        await real_llm.chat("hello")
    except AssertionError as error:
        assert error.__cause__ is None and error.__suppress_context__
        raise RuntimeError(f"{real_llm!r} {real_llm.settings!r} {vars(real_llm)!r}")

def test_assertion():
    key = os.environ["CI_TOOLKIT_LLM_API_KEY"]
    assert key == "nothing"
"""


def test_the_key_is_nowhere_in_any_output_even_if_the_server_and_the_tests_shout_it(suite: Path, echo: str) -> None:
    (suite / "test_a.py").write_text(LEAKY)
    variables = {"CI_TOOLKIT_LLM_BASE_URL": echo, "CI_TOOLKIT_LLM_API_KEY": KEY, "CI_TOOLKIT_LLM_MODEL": "m"}
    result = run(
        suite, "-vv", "--showlocals", "--full-trace", "--log-level=DEBUG", "-rA", "--junitxml=out.xml", **variables
    )  # fmt: skip
    assert "4 failed" in result.stdout, result.stdout
    assert f"m at {echo} did not answer: AuthenticationError: " in result.stdout
    everything = result.stdout + result.stderr + (suite / "out.xml").read_text()
    assert KEY not in everything
    assert "***" in everything


TALKATIVE = """
import os
import warnings
import pytest

KEY = os.environ["CI_TOOLKIT_LLM_API_KEY"]

class Odd(Warning):
    def __str__(self):
        return f"odd {KEY}"

def test_warns():
    warnings.warn(f"careful with {KEY}")
    warnings.warn(Odd())

def test_skips():
    pytest.skip(f"no model for {KEY}")

@pytest.mark.xfail(reason=f"known {KEY}")
def test_xfails():
    assert False
"""


@pytest.mark.parametrize("args", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_warnings_skips_and_expected_failures_are_told_without_the_key(suite: Path, args: tuple[str, ...]) -> None:
    (suite / "test_a.py").write_text(TALKATIVE)
    result = run(suite, "-rsx", "-Wdefault", "--junitxml=out.xml", *args, CI_TOOLKIT_LLM_API_KEY=KEY)
    everything = result.stdout + result.stderr + (suite / "out.xml").read_text()
    assert "1 passed, 1 skipped, 1 xfailed, 2 warnings" in result.stdout, everything
    for told in ("careful with ***", "odd ***", "no model for ***", "known ***"):
        assert told in everything
    assert KEY not in everything


def test_an_endpoint_that_cannot_be_reached_is_named() -> None:
    with ScriptedLLM([]) as gone:
        settings = LLMSettings(base_url=gone.base_url, api_key=Secret(gone.api_key), model="m")
    with pytest.raises(RealLLMError, match=f"m at {gone.base_url} did not answer: APIConnectionError"):
        asyncio.run(RealLLM(settings).complete("x"))


def test_a_scripted_model_is_loud_about_what_it_does_not_know() -> None:
    async def ask(llm: ScriptedLLM, **parameters: object) -> None:
        settings = LLMSettings(base_url=llm.base_url, api_key=Secret(llm.api_key), model="m")
        with pytest.raises(RealLLMError):
            await RealLLM(settings).complete("x", **parameters)

    with pytest.raises(AssertionError, match="unknown parameters: logit_bias"), ScriptedLLM(["unused"]) as llm:
        asyncio.run(ask(llm, logit_bias={}))
    with pytest.raises(AssertionError, match="request 1 has no reply; the script has 0"), ScriptedLLM([]) as llm:
        asyncio.run(ask(llm))


def test_mock_llm_response_points_the_environment_at_a_server_of_the_same_protocol() -> None:
    with mock_llm_response("Forty percent") as llm:
        assert has_llm_credentials()
        assert asyncio.run(RealLLM(read_llm_settings()).complete("What do I save?")) == "Forty percent"
        assert llm.requests[0]["messages"] == [{"role": "user", "content": "What do I save?"}]
    assert get_env().get("CI_TOOLKIT_LLM_BASE_URL") is None
