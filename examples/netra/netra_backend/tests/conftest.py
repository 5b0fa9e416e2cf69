import pytest


@pytest.fixture
async def clean_database(real_db):
    """Ensure clean database state."""
    yield real_db
    # Cleanup after test
    await real_db.execute("TRUNCATE users CASCADE")
    await real_db.commit()
