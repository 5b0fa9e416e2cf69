"""
Test User Thread Management

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Enable conversation continuity
- Value Impact: Users can maintain context across sessions
- Strategic Impact: Core chat functionality
"""

import pytest
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from ci_toolkit.test_framework.real_services_test_fixtures import real_services_fixture
from netra_backend.app.models import User, Thread

class TestThreadManagement(BaseIntegrationTest):
    """Test thread management with real services."""
    
    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_create_and_retrieve_thread(self, real_services_fixture):
        """Test thread creation and retrieval with real database."""
        # Setup
        db = real_services_fixture["db"]
        redis = real_services_fixture["redis"]
        
        # Create user
        user = User(email="test@example.com", name="Test User")
        db.add(user)
        await db.commit()
        
        # Create thread
        thread = Thread(
            user_id=user.id,
            title="Cost Optimization Discussion"
        )
        db.add(thread)
        await db.commit()
        
        # Cache in Redis
        await redis.set(f"thread:{thread.id}", thread.to_json())
        
        # Retrieve and verify
        cached_thread = await redis.get(f"thread:{thread.id}")
        assert cached_thread is not None
        
        db_thread = await db.get(Thread, thread.id)
        assert db_thread.title == "Cost Optimization Discussion"
        assert db_thread.user_id == user.id
