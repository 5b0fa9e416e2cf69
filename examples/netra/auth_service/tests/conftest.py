import itertools

import httpx
import pytest


@pytest.fixture
async def auth(real_services_fixture):
    """A client of the running service, which has this worker's PostgreSQL and Redis."""
    async with httpx.AsyncClient(base_url=real_services_fixture["auth_url"], timeout=30) as client:
        yield client


@pytest.fixture
def new_account():
    """Return what a user says to register; each is somebody else."""
    numbers = itertools.count()

    def account(**fields):
        return {"email": f"user-{next(numbers)}@example.com", "password": "correct horse", "name": "Ann"} | fields

    return account
