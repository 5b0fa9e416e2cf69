"""Reads ``.env`` files as plain text: nothing in them is expanded or run."""

from io import StringIO
from pathlib import Path

from ci_toolkit.errors import ConfigurationError


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables in the file at ``path``. Raises ConfigurationError naming the line that cannot be read.

    Names without a value (``NAME`` alone) are left out.
    """
    try:
        from dotenv import dotenv_values
        from dotenv.parser import parse_stream
    except ImportError as error:
        raise ConfigurationError(
            f"reading {path} needs python-dotenv", advice="pip install 'ci-toolkit[framework]'"
        ) from error
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", advice="Name a .env file in UTF-8 that exists."
        ) from error
    for binding in parse_stream(StringIO(text)):
        if binding.error:  # the text of the line may be a secret: its number must do
            raise ConfigurationError(f"{path}:{binding.original.line} is not NAME=value", advice="Correct this line.")
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}
