"""Files made from the table, and the check that finds where they drift."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.compose import compose_text
from ci_toolkit.services.catalog.render import drifts, rendered, workflow_lines
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import (
    BUILT_IN,
    Credentials,
    Protocol,
    Service,
    ServiceEnvironment,
    Table,
    same_port,
)

SHOP = Service(
    name="shop", protocol=Protocol.HTTP, ports=same_port(8099, dev=8100), image="shop:1", path="/health",
    depends_on=("postgresql", "seed"), variables={"STORE": "{postgresql_host}", "OUTSIDE": "{public_postgresql_host}:{public_postgresql_port}", "PRICE": "5$"},
)  # fmt: skip
SEED = Service(
    name="seed", protocol=Protocol.JOB, ports={}, image="seed:1", command=("seed",), depends_on=("postgresql",)
)
WORKFLOW = """\
jobs:
  test:
    # ci-toolkit services: begin test
    # ci-toolkit services: end
    steps: []
"""


def write(root: Path) -> None:
    for file in rendered(BUILT_IN, root):
        (root / file.path).parent.mkdir(parents=True, exist_ok=True)
        (root / file.path).write_text(file.text)


@pytest.mark.parametrize("folder", [".", "examples/netra"])
def test_this_repository_s_own_compose_files_are_as_the_table_says(folder: str) -> None:
    root = Path(__file__).parents[3] / folder
    assert drifts(rendered(read_table(root), root), root) == ()


def test_compose_listens_on_the_loopback_only() -> None:
    assert '"127.0.0.1:6382:6379"' in compose_text(BUILT_IN, ServiceEnvironment.TEST_ALPINE)


def test_a_password_of_redis_stands_in_the_environment_alone() -> None:
    login = Credentials(user="worker", password="secret")
    table = Table(services=(replace(BUILT_IN.service("redis"), credentials=login),))
    for environment in ServiceEnvironment:
        lines = [line.strip() for line in compose_text(table, environment).splitlines() if "secret" in line]
        assert [line.partition(":")[0] for line in lines] == ["CI_TOOLKIT_INPUT", "REDISCLI_AUTH"]


def test_a_teams_own_services_start_after_what_they_depend_on_and_are_asked_in_their_protocol() -> None:
    table = Table(services=(*BUILT_IN.services, SHOP, SEED))
    for environment in ServiceEnvironment:
        services = YAML(typ="safe").load(compose_text(table, environment).replace("$$", "$"))["services"]
        shop, port = services["shop"], SHOP.port(environment)
        assert shop["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert shop["depends_on"] == {
            "postgresql": {"condition": "service_healthy"},
            "seed": {"condition": "service_completed_successfully"},
        }
        told = shop["environment"]
        assert told["DATABASE_URL"] == "postgresql://test:test@postgresql:5432/test"
        assert (told["PORT"], told["STORE"], told["PRICE"]) == (str(port), "postgresql", "5$")
        assert told["OUTSIDE"] == f"127.0.0.1:{BUILT_IN.service('postgresql').port(environment)}"
        assert "REDIS_URL" not in told, "it depends on no Redis"
        assert f"http://127.0.0.1:{port}/health" in shop["healthcheck"]["test"][1]
        assert {"ports", "healthcheck", "tmpfs", "volumes"}.isdisjoint(services["seed"])


def test_a_job_is_no_service_container_of_a_workflow() -> None:
    lines = workflow_lines(Table(services=(SHOP, SEED)), ServiceEnvironment.TEST, "")
    assert "  shop:" in lines
    assert "  seed:" not in lines


def test_what_was_rendered_does_not_drift_and_rendering_again_changes_nothing(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW)
    write(tmp_path)
    once = workflow.read_text()
    assert '    services:\n      postgresql:\n        image: "postgres:15"' in once
    assert once.endswith("# ci-toolkit services: end\n    steps: []\n")
    assert drifts(rendered(BUILT_IN, tmp_path), tmp_path) == ()
    write(tmp_path)
    assert workflow.read_text() == once


def test_a_job_of_the_matrix_starts_the_services_that_its_tests_need_alone(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW.replace("begin test", "begin test-alpine matrix.services"))
    write(tmp_path)
    images = [line.strip() for line in workflow.read_text().splitlines() if "image:" in line]
    assert images[1] == """image: "${{ contains(matrix.services, 'redis') && 'redis:7-alpine' || '' }}\""""
    assert len(images) == 3
    assert drifts(rendered(BUILT_IN, tmp_path), tmp_path) == ()


def test_drift_names_file_and_line(tmp_path: Path) -> None:
    write(tmp_path)
    compose = tmp_path / "compose" / "test.yml"
    compose.write_text(compose.read_text().replace("5434", "5435"))
    (drift,) = drifts(rendered(BUILT_IN, tmp_path), tmp_path)
    assert drift.describe().startswith("compose/test.yml:9: holds")
    assert "5435" in drift.describe()


def test_a_missing_file_drifts_at_its_first_line(tmp_path: Path) -> None:
    assert [drift.line for drift in drifts(rendered(BUILT_IN, tmp_path), tmp_path)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("# ci-toolkit services: begin nowhere\n# ci-toolkit services: end\n", "no environment 'nowhere'"),
        ("# ci-toolkit services: begin test needs.x\n# ci-toolkit services: end\n", "'needs.x' says nothing"),
        ("# ci-toolkit services: end\n# ci-toolkit services: begin test\n", "without"),
    ],
)
def test_a_broken_marker_is_named(tmp_path: Path, lines: str, says: str) -> None:
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "ci.yml").write_text(lines)
    with pytest.raises(ConfigurationError, match=says):
        rendered(BUILT_IN, tmp_path)
