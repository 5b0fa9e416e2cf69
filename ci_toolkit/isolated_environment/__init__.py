"""The environment variables that a test may change: ``get_env()``, instead of ``os.environ``."""

from ci_toolkit.isolated_environment.environment import IsolatedEnvironment, ProtectedVariableError, get_env
from ci_toolkit.isolated_environment.state import Change

__all__ = ["Change", "IsolatedEnvironment", "ProtectedVariableError", "get_env"]
