import subprocess
import sys
from pathlib import Path

import pytest

from ci_toolkit.cli.main import main

# The functions of the script are called as bash calls them; what it found is in COMPREPLY.
ASK = """
PATH="$1:$PATH"; shift
eval "$(ci-toolkit completion bash)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_ci_toolkit_completion ci-toolkit
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["pl"], ["plan"]),
        (["run", "--bud"], ["--budget"]),
        (["run", "--keep", "cl"], ["class"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
)
def test_bash_completes_commands_options_and_choices(typed: list[str], offered: list[str]) -> None:
    scripts = str(Path(sys.executable).parent)
    command = ["bash", "-c", ASK, "bash", scripts, "ci-toolkit", *typed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert sorted(done.stdout.split()) == sorted(offered)


@pytest.mark.parametrize(
    ("shell", "begins"),
    [("zsh", "#compdef ci-toolkit"), ("fish", "function _ci_toolkit_completion;")],
)
def test_zsh_and_fish_get_a_script_of_their_own(capsys: pytest.CaptureFixture[str], shell: str, begins: str) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out.startswith(begins)
