"""``ci-toolkit completion``: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "ci-toolkit"
_VARIABLE = "_CI_TOOLKIT_COMPLETE"
"""click's own name, by which the program knows that a shell asks."""
_INSTALL = """\
\b
bash:  echo 'eval "$(ci-toolkit completion bash)"' >> ~/.bashrc
zsh:   echo 'eval "$(ci-toolkit completion zsh)"' >> ~/.zshrc
fish:  ci-toolkit completion fish > ~/.config/fish/completions/ci-toolkit.fish"""


@click.command(epilog=_INSTALL)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script that lets SHELL complete commands and options.

    Set it up once, then open a new shell:
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(click.get_current_context().find_root().command, {}, PROGRAM, _VARIABLE).source())
    return 0
