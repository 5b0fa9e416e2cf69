"""A copy of the guide's application, and programs run in it as a user would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server
from ci_toolkit.test_framework.scripted_llm import ScriptedLLM

EXAMPLE = Path(__file__).parents[3] / "examples" / "netra"
ADVICE = "- Buy savings plans\n- Stop idle machines"


def copy_of_netra(folder: Path) -> Path:
    """Return a copy in ``folder``; skip where its servers are missing."""
    for protocol in (Protocol.POSTGRESQL, Protocol.REDIS):
        if find_server(protocol) is None:
            pytest.skip(f"needs a {protocol} server: {HOW_TO_GET[protocol]}")
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    return Path(shutil.copytree(EXAMPLE, folder / "netra", ignore=ignored))


def python(folder: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in ``folder``, with servers on ports that nobody else has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "CI"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, *args],
        cwd=folder, env={**kept, "PATH": path, "CI_TOOLKIT_SERVICES_DYNAMIC_PORTS": "1", **variables},
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


def credentials(llm: ScriptedLLM) -> dict[str, str]:
    return {
        "CI_TOOLKIT_LLM_BASE_URL": llm.base_url,
        "CI_TOOLKIT_LLM_API_KEY": llm.api_key,
        "CI_TOOLKIT_LLM_MODEL": llm.model,
    }
