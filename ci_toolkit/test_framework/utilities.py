"""Helpers that tests import under the name that the guide gives them."""

from ci_toolkit.test_framework.user_context import UserContext, UserContextFactory, create_user_context
from ci_toolkit.test_framework.wait_conditions import ConditionTimeoutError, wait_for_condition

__all__ = ["ConditionTimeoutError", "UserContext", "UserContextFactory", "create_user_context", "wait_for_condition"]
