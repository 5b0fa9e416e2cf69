"""Compose files are read as compose itself reads them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.adoption.compose.files import read_compose
from ci_toolkit.adoption.compose.service import ComposeService
from ci_toolkit.adoption.importing import ProjectFiles

FILES = {
    "compose.yaml": """\
include: [{path: [infra/compose.yaml]}]
x-base: &base {environment: &e {A: a, B: b}, ports: ["1:1"]}
services:
  common: {extends: {file: deploy/base.yml, service: app}, environment: {B: common, F: "$${X}"}}
  web:
    extends: common
    environment: [B=web, "E=${NOPE:-x ${V:-y}}", G]
    ports: ['81:81', '127.0.0.1:82-83:82-83', {target: 84, published: "85"}, "90-91:90/tcp"]
    command: sh -c "a && b" 'c d' e\\ f
    healthcheck: {test: "curl $$HOST", interval: 1m5s, retries: 3}
    depends_on: [merged]
  merged: {<<: *base, image: x, environment: {<<: *e, B: own}, env_file: [{path: infra/db.env, required: false}]}
  over: {image: y, ports: ["5:5"], command: [a, "$V"], environment: {K: 1, T: true}, healthcheck: {test: [NONE]}}
""",
    "compose.override.yaml": """\
services:
  over: {ports: !override ["6:6"], command: b, environment: {K: null, L: "${V:+set}"}, depends_on: {db: {condition: service_healthy}}}
  merged: {environment: !reset null, ports: ["2:2"], healthcheck: {test: [CMD, ask, "it"]}}
""",
    "deploy/base.yml": "services: {app: {build: ., environment: {A: base, B: base}, ports: ['9:9'], profiles: [p], command: base}}\n",
    "infra/compose.yaml": "services: {db: {image: 'postgres:$TAG', env_file: db.env}}\n",
    "infra/.env": "TAG=17\n",
    "infra/db.env": "# c\nexport P='x y' # z\nQ=\"a$P\"\nR=1#2 #3\nS=\n",
    ".env": "V=v1\n",
}


@pytest.fixture
def theirs(tmp_path: Path) -> dict[str, Any]:
    """What compose makes of the files."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip(
            "needs Docker's client with compose: `sh tools/ci/docker-engine.sh start` (root, Debian) brings both"
        )
    done = subprocess.run(
        [docker, "compose", "--profile", "*", "config", "--format", "json", "--no-path-resolution"],
        cwd=tmp_path, env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if "is not a docker command" in done.stderr or "unknown" in done.stderr:
        pytest.skip(
            "needs Docker's client with compose: `sh tools/ci/docker-engine.sh start` (root, Debian) brings both"
        )
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


def of_ours(service: ComposeService) -> dict[str, Any]:
    said = {
        "image": service.image.value if service.image else None,
        "command": [word.value for word in service.command or ()],
        "environment": {name: text.value for name, text in service.variables.items()},
        "ports": sorted((port.published, port.target) for port in service.ports if port.published),
        "depends_on": sorted(service.depends_on),
        "profiles": list(service.profiles),
        "healthcheck": list(service.health.test) if service.health else [],
    }
    return {key: value for key, value in said.items() if value}


def of_theirs(row: dict[str, Any]) -> dict[str, Any]:
    said = {
        "image": row.get("image"),
        "command": row.get("command"),
        "environment": row.get("environment"),
        "ports": sorted((int(port["published"].split("-")[0]), port["target"]) for port in row.get("ports", ())),
        "depends_on": sorted(row.get("depends_on", ())),
        "profiles": row.get("profiles"),
        "healthcheck": ["NONE"]
        if row.get("healthcheck", {}).get("disable")
        else row.get("healthcheck", {}).get("test"),
    }
    unescaped: dict[str, Any] = json.loads(json.dumps(said).replace("$$", "$"))
    return {key: value for key, value in unescaped.items() if value}


def test_every_form_is_read_as_compose_reads_it(tmp_path: Path, theirs: dict[str, Any]) -> None:
    ours = read_compose(
        ProjectFiles(tmp_path), ["compose.yaml", "compose.override.yaml"], lambda note: pytest.fail(str(note))
    )
    found = {service.name: json.loads(json.dumps(of_ours(service))) for service in ours}
    assert found == {name: of_theirs(row) for name, row in theirs.items()}
    assert found.keys() == {"db", "common", "web", "merged", "over"}
