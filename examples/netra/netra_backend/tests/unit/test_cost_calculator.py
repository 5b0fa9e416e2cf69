"""
Test Cost Calculator

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Bill what was used
- Value Impact: Users trust the figures that they see
- Strategic Impact: Every saving is computed from these
"""

from netra_backend.app.costs import calculate_token_cost


def test_calculate_token_cost():
    """Pure logic test - no infrastructure needed."""
    cost = calculate_token_cost(tokens=1000, model="gpt-4")
    assert cost == 0.03  # Business logic validation
