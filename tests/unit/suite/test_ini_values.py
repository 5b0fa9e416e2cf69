import pytest

from ci_toolkit.suite.ini_values import ini_value


def test_a_setting_of_a_plugin_that_is_switched_off_has_its_default(pytestconfig: pytest.Config) -> None:
    assert ini_value(pytestconfig, "python_files", ()) == pytestconfig.getini("python_files")
    assert ini_value(pytestconfig, "of_a_plugin_that_is_not_here", "the default") == "the default"
