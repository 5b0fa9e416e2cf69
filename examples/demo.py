"""Runs the suite of examples/netra as `nox -s demo` does: four categories in four shards, on real servers, one verdict.

``python examples/demo.py [OPTIONS OF ci-toolkit run]``, with ci-toolkit and the dependency group ``example`` installed.
What this machine lacks is said first, with how to get it; the tests that need it are skipped, and the report
names them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.outlook import outlook_of
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.test_framework.llm_settings import API_KEY, BASE_URL, MODEL, has_llm_credentials

EXAMPLE = Path(__file__).parent / "netra"
SHARDS = "4"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
"""Programs that the tests of the frontend take, as their conftest says."""
SCRIPTED = "scripted_llm"
"""The service of the table that answers where no language model is named."""


def main() -> int:
    """Run the suite; return the exit code of its verdict."""
    missing = missing_servers()
    for line in [*missing, *missing_browser()]:
        print(f"demo: {line}", flush=True)
    # What the categories need is brought up before the tests; a server that nobody can run here would end that.
    # Without the option each server starts when the first test asks for it, and a test that cannot have it says so.
    real = [] if missing else ["--real-services"]
    words = ["run", "--shards", SHARDS, "--dynamic-ports", *real, *sys.argv[1:]]
    os.environ["PATH"] = own_programs_first()
    with language_model() as variables:
        command = [sys.executable, "-m", "ci_toolkit", *words]
        done = subprocess.run(command, cwd=EXAMPLE, env={**os.environ, **variables}, check=False)
    return done.returncode


def missing_servers() -> list[str]:
    """Return a line for each store that nobody can run here: what is missing, and how to get it."""
    table = read_table(EXAMPLE)
    stores = [row for row in table.services if row.protocol.is_data_store]
    outlooks = [outlook_of(row, ServiceEnvironment.TEST, None, EXAMPLE, dynamic_ports=True) for row in stores]
    return [f"{one.told}\n  {one.advice}" for one in outlooks if one.provider is None]


def missing_browser() -> list[str]:
    """Return a line where there is no Chromium for the tests of the frontend."""
    if any(map(shutil.which, CHROMIUM)):
        return []
    return ["there is no Chromium for the tests of the frontend. Install it: `apt-get install chromium`."]


@contextmanager
def language_model() -> Iterator[Mapping[str, str]]:
    """Yield the variables that name a language model: the caller's, or else a scripted one, which says that it is."""
    if has_llm_credentials():
        yield {}
        return
    print(f"demo: the language model is scripted; {API_KEY} and {MODEL} name a real one", flush=True)
    request = StackRequest(services=(SCRIPTED,), dynamic_ports=True)
    with acquire(request, read_table(EXAMPLE), EXAMPLE, owner_pid=os.getpid(), report=print) as stack:
        yield {BASE_URL: f"{stack.endpoint(SCRIPTED).url()}/v1", API_KEY: "none-is-needed", MODEL: "scripted-llm"}


def own_programs_first() -> str:
    """Return a PATH on which ``python`` is this one: so the table of services starts the application."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


if __name__ == "__main__":
    sys.exit(main())
