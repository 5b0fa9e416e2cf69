"""
Test Correct Patterns

Business Value Justification (BVJ):
- Segment: Platform
- Business Goal: Tests that say what they need
- Value Impact: A red test means a broken feature
- Strategic Impact: Trust in the suite
"""

import pytest
from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.utilities import wait_for_condition
from netra_backend.tests.http_client import HttpClient


class Backend:
    """The backend that this worker's tests talk to."""

    def is_ready(self):
        return HttpClient(get_env().get("BACKEND_URL").removeprefix("http://")).is_ready()


service = Backend()


@pytest.mark.integration
async def test_with_real_services(real_services_fixture):
    # Real database, real Redis, real APIs
    pass


@pytest.mark.integration  # One category
async def test_database_operation():
    pass


@pytest.mark.usefixtures("backend_url")
async def test_with_wait():
    await wait_for_condition(
        lambda: service.is_ready(),
        timeout=10,
        interval=0.5
    )


@pytest.mark.integration
@pytest.mark.flaky(reruns=3)  # Temporary while fixing
async def test_being_fixed():
    # Document why it's flaky and fix plan
    pass
