import time
from pathlib import Path

import httpx
import jwt
import pytest
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.outlook import outlook_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def needs_clickhouse():
    """Skip, and say what is missing, where nobody can run ClickHouse: it is in no wheel, and few machines have it."""
    service = read_table(ROOT).service("clickhouse")
    outlook = outlook_of(service, ServiceEnvironment.TEST, None, ROOT, dynamic_ports=False)
    if outlook.provider is None:
        pytest.skip(f"needs ClickHouse: {outlook.told} {outlook.advice}")


@pytest.fixture
async def analytics(needs_clickhouse, real_services_fixture):
    """A client of the running service, which has this worker's ClickHouse."""
    async with httpx.AsyncClient(base_url=real_services_fixture["analytics_url"], timeout=30) as client:
        yield client


@pytest.fixture
def token_of():
    """Return a user's access token, as the auth service would sign it."""
    secret = read_table(ROOT).service("analytics").variables["AUTH_SECRET"]

    def sign(user_id, *, seconds=3600):
        return jwt.encode({"sub": user_id, "exp": int(time.time()) + seconds}, secret, "HS256")

    return sign
