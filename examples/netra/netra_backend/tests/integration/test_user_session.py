"""
Test User Session

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Users stay logged in
- Value Impact: Nobody loses a conversation to a login page
- Strategic Impact: Retention
"""

from netra_backend.app.accounts import create_session, create_user, get_session


async def test_user_session_persistence(real_db, real_redis):
    """Test with REAL database and cache."""
    user = await create_user(real_db, email="test@example.com")
    session = await create_session(real_redis, user_id=user.id)
    assert await get_session(real_redis, session.id) is not None
