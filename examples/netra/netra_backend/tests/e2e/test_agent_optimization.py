"""
Test Complete Agent Optimization Flow

Business Value Justification (BVJ):
- Segment: Early, Mid, Enterprise
- Business Goal: Deliver optimization insights
- Value Impact: Users receive actionable cost savings
- Strategic Impact: Core value proposition
"""

import pytest
from ci_toolkit.test_framework.base_e2e_test import BaseE2ETest
from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient

class TestAgentOptimizationE2E(BaseE2ETest):
    """Test complete agent optimization flow."""
    
    @pytest.mark.e2e
    @pytest.mark.real_llm
    @pytest.mark.mission_critical
    async def test_cost_optimization_flow(self, real_services, real_llm):
        """Test complete cost optimization with real LLM."""
        # Create real user
        user = await self.create_test_user(
            email="enterprise@example.com",
            subscription="enterprise"
        )
        
        # Connect WebSocket
        async with WebSocketTestClient(
            token=user.token,
            base_url=real_services["backend_url"]
        ) as client:
            
            # Send optimization request
            await client.send_json({
                "type": "agent_request",
                "agent": "cost_optimizer",
                "message": "Analyze my AWS costs for last month",
                "context": {
                    "aws_account_id": "123456789",
                    "monthly_spend": 50000
                }
            })
            
            # Collect all events
            events = []
            async for event in client.receive_events(timeout=60):
                events.append(event)
                if event["type"] == "agent_completed":
                    break
            
            # Verify all critical events sent
            event_types = [e["type"] for e in events]
            assert "agent_started" in event_types
            assert "agent_thinking" in event_types
            assert "tool_executing" in event_types
            assert "tool_completed" in event_types
            assert "agent_completed" in event_types
            
            # Verify business value delivered
            final_event = events[-1]
            assert final_event["type"] == "agent_completed"
            
            result = final_event["data"]["result"]
            assert "recommendations" in result
            assert len(result["recommendations"]) > 0
            assert "potential_savings" in result
            assert result["potential_savings"]["monthly_amount"] > 0
            
            # Verify data persistence
            thread_id = final_event["data"]["thread_id"]
            thread = await self.get_thread(thread_id)
            assert thread is not None
            assert len(thread.messages) > 0
