"""The base of Netra's mission-critical tests."""

from ci_toolkit.test_framework.mission_critical import MissionCriticalTest

__all__ = ["MissionCriticalTest"]
