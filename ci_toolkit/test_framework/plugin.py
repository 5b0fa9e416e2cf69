"""The pytest plugin of a project with ``[tool.ci-toolkit]``: the guide's markers and fixtures, without an import."""

from types import ModuleType
from typing import Final

import pytest

from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.test_framework import (
    attachments,
    isolated_environment_fixtures,
    real_llm,
    real_services_test_fixtures,
)
from ci_toolkit.test_framework.environment_guard import EnvironmentGuard

MARKERS: Final = (
    "unit: pure logic, no infrastructure",
    "integration: needs PostgreSQL or Redis",
    "e2e: a complete user journey on the full stack; nothing is mocked",
    "mission_critical: must pass; always selected, never skipped, never quarantined",
    "no_skip: a skip of this test fails the run",
    "real_services(*names): needs running services, and those of the table that it names",
    "real_llm: needs an OpenAI-compatible endpoint (CI_TOOLKIT_LLM_API_KEY and its siblings)",
    "isolation(how): how a test's writes to the database are undone",
)

_FIXTURE_MODULES: Final = (isolated_environment_fixtures, real_services_test_fixtures, real_llm, attachments)
"""Each is light to import: a fixture imports what it needs (SQLAlchemy, redis, openai) when a test asks for it."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the guide's markers and fixtures known, and begin to guard the environment."""
    for marker in (*MARKERS, *_markers_of_own_categories(config)):
        config.addinivalue_line("markers", marker)
    for module in (*_FIXTURE_MODULES, *_async_fixture_modules(config)):
        if not config.pluginmanager.has_plugin(module.__name__):
            config.pluginmanager.register(module, module.__name__)
    config.pluginmanager.register(EnvironmentGuard(), "ci-toolkit-environment-guard")


def _async_fixture_modules(config: pytest.Config) -> tuple[ModuleType, ...]:
    if not config.pluginmanager.has_plugin("asyncio"):
        return ()
    from ci_toolkit.test_framework import websocket_fixtures

    return (websocket_fixtures,)


def _markers_of_own_categories(config: pytest.Config) -> list[str]:
    try:
        every = read_categories(project_root(config.rootpath)).every
    except ConfigurationError as error:
        raise pytest.UsageError(f"ci-toolkit: error {error.explained}") from error
    known = {marker.partition(":")[0] for marker in MARKERS}
    return [f"{own.marker}: a test of the category {own.name}" for own in every if own.marker not in known]
