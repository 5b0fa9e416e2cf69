from pathlib import Path

from ci_toolkit.lint.settings import GUIDE_PORTS, load_settings
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import BUILT_IN


def test_the_guides_ports_are_those_of_the_built_in_table() -> None:
    assert set(GUIDE_PORTS) == BUILT_IN.every_port


def test_a_port_of_the_teams_own_table_is_known(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit.services.postgresql]\nport = 5999\n")
    settings = load_settings(tmp_path, service_ports=read_table(tmp_path).every_port)
    assert {5999, 5434, 6381} <= settings.known_ports
