import os
import sys
from pathlib import Path

import pytest

from ci_toolkit.services.processes.program_search import program_search_path

OWN = str(Path(sys.executable).parent)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"PATH": "/usr/bin:/bin"}, f"{OWN}:/usr/bin:/bin", id="called by its path"),
        pytest.param({"PATH": f"/conda/bin:{OWN}-2:/bin"}, f"{OWN}:/conda/bin:{OWN}-2:/bin", id="another is activated"),
        pytest.param({"PATH": f"{OWN}:/usr/bin"}, f"{OWN}:/usr/bin", id="activated"),
        pytest.param({"PATH": f"/mine:{OWN}"}, f"/mine:{OWN}", id="what somebody put before it stays there"),
        pytest.param({"PATH": ""}, OWN, id="an empty one, where a last colon would mean the current folder"),
        pytest.param({}, f"{OWN}:{os.defpath}", id="none"),
    ],
)
def test_programs_are_looked_for_beside_our_python_first(environment: dict[str, str], expected: str) -> None:
    assert program_search_path(environment) == expected
