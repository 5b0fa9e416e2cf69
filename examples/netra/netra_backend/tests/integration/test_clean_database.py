"""
Test Database Cleanup

Business Value Justification (BVJ):
- Segment: Platform
- Business Goal: Tests that never disturb each other
- Value Impact: A red test means a broken feature
- Strategic Impact: Trust in the suite
"""

import pytest
from netra_backend.app.accounts import create_user


@pytest.mark.parametrize("time", ["first", "second"])
async def test_every_test_finds_a_clean_database(clean_database, time):
    assert await clean_database.scalar("SELECT count(*) FROM users") == 0
    await create_user(clean_database, email="test@example.com", name=time)
