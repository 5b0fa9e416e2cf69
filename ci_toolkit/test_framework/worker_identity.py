"""Tells which worker of which run a pytest process is, and so which databases are its own."""

import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ci_toolkit.config.project import project_root
from ci_toolkit.model.bundle import SERVICES_FOLDER
from ci_toolkit.services import handover
from ci_toolkit.services.errors import MissingClientError
from ci_toolkit.test_framework.names import DYNAMIC_PORTS
from ci_toolkit.test_framework.services_report import services_report

if TYPE_CHECKING:  # they bring SQLAlchemy and redis, which no test has asked for yet
    from ci_toolkit.isolation.identity import WorkerIdentity
    from ci_toolkit.isolation.worker_services import WorkerServices


def new_services(config: pytest.Config) -> "WorkerServices":
    """Return the services of this pytest process, none of them started. Raises MissingClientError."""
    try:
        from ci_toolkit.isolation.worker_services import WorkerServices
    except ModuleNotFoundError as error:
        raise MissingClientError(
            f"real services need the package {error.name}", advice="Install it: pip install 'ci-toolkit[services]'."
        ) from error
    from ci_toolkit.services.catalog.settings import read_table

    identity = _identity(config)
    return WorkerServices(read_table(project_root(config.rootpath)), identity, report=services_report(config).add_line)


def _identity(config: pytest.Config) -> "WorkerIdentity":
    from ci_toolkit.isolation.identity import WorkerIdentity
    from ci_toolkit.suite.shard_assignment import shard_task

    worker = getattr(config, "workerinput", {})
    given = handover.read_handover()
    if config.getoption(DYNAMIC_PORTS, None) is True:  # another plugin may have an option of that name
        given = replace(given, dynamic_ports=True)
    run = worker.get("testrunuid") or uuid.uuid4().hex
    name = worker.get("workerid", "main")
    task = shard_task(config)
    is_only = not worker and not (task and task.shares_services)
    return WorkerIdentity(
        root=str(project_root(config.rootpath)),
        run=hashlib.sha256(run.encode()).hexdigest()[:8],
        worker=name,
        # What a shard's tests start lives as long as the shard: a test that kills its process takes nothing with it.
        owner=task.supervisor if task else given.owner or (os.getppid() if worker else os.getpid()),
        is_alone=is_only and given.owner is None,
        is_only=is_only and (given.owner is None or task is not None),
        logs=str(Path(task.journal).parent / SERVICES_FOLDER) if task else "",
        mark=f"-{task.attempt}-{name}" if task else "",
        handover=given,
    )
