"""Whatever a compose file holds, it becomes a table that can be used, or an error that says why not; no secret is shown."""

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_toolkit.adoption.errors import ServicesImportError
from ci_toolkit.adoption.importing import Imported, imported
from ci_toolkit.errors import ConfigurationError, ToolkitError
from ci_toolkit.services.catalog.settings import table_from

SECRET = "hush-5up3r"
WORDS = st.sampled_from([
    "", "db", "web", "a.b", "80:80", "5432:5432", "8000", "1-3:1-3", "127.0.0.1:81:80/tcp", "$X", "${X:-y}", "${", "{db_url}",
    "postgres:16", "redis:7", "mysql:8", "x/minio", "http://db:5432/a", f"postgres://u:{SECRET}@db:5432/x", "db:5432", "./a:/b",
    "./a.sql:/docker-entrypoint-initdb.d/a.sql", "curl http://localhost:80/up", "service_completed_successfully", "\u2028", "a\nb",
    "CMD", "NONE", "1m", "3", "true", "A=b", "PORT=80", f"API_TOKEN={SECRET}", f"PASSWORD={SECRET}", "debug", "${{ secrets.A }}",
])  # fmt: skip
NAMES = st.sampled_from(
    ["db", "web", "a.b", "9", "redis", "postgresql", "backend", "service", "file", "target", "published"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99_999) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | WORDS, inner, max_size=3),
    max_leaves=6,
)
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(["POSTGRES_USER", "POSTGRES_DB", "PORT", "DB_HOST", "URL", "DATABASE_URL"]), WORDS, max_size=4
).map(lambda found: {**found, "POSTGRES_PASSWORD": SECRET, "SECRET_KEY": SECRET})
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "image": WORDS,
        "build": st.just(".") | VALUES,
        "command": st.lists(WORDS, max_size=3) | VALUES,
        "ports": st.lists(WORDS | VALUES, max_size=3),
        "environment": ENVIRONMENTS | VALUES,
        "depends_on": st.lists(NAMES, max_size=2) | st.dictionaries(NAMES, st.fixed_dictionaries({"condition": WORDS})),
        "healthcheck": st.fixed_dictionaries({}, optional={"test": st.lists(WORDS) | WORDS, "retries": VALUES})
        | VALUES,
        "volumes": st.lists(WORDS | VALUES, max_size=2),
        "extends": NAMES | VALUES,
        "env_file": VALUES,
        "profiles": VALUES,
    },
)
FILES = st.fixed_dictionaries(
    {"services": st.dictionaries(NAMES, ROWS | VALUES, max_size=4)}, optional={"include": VALUES}
)


def table_of(root: Path) -> Imported | ToolkitError:
    try:
        return imported(root, ["compose.yaml"], profiles=["*"])
    except (ServicesImportError, ConfigurationError) as error:
        return error


@settings(max_examples=150)
@given(FILES)
@example({"services": {"web": {"build": ".", "ports": ["5434:80"]}, "db": {"image": "postgres:16"}}})
@example({"services": {"db": {"build": ".", "command": ["db"], "healthcheck": {"test": "{db_url}"}}}})
def test_a_file_becomes_a_table_that_can_be_used_or_an_error_that_shows_no_secret(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "compose.yaml").write_text(json.dumps(document))
        found = table_of(root)
    if isinstance(found, ToolkitError):
        assert isinstance(found, ServicesImportError) or "in a circle" in found.message
        assert SECRET not in str(found)
        return
    shown = tomllib.loads(found.shown)["tool"]["ci-toolkit"]["services"]
    written = tomllib.loads(found.change.after)["tool"]["ci-toolkit"]["services"]
    assert SECRET not in found.shown + "".join(map(str, found.notes))
    assert table_from(written, origin="here").services
    assert shown.keys() == written.keys()
