"""Writes the guide's unified test runner into a project."""

from pathlib import Path

from ci_toolkit.authoring.new_test import NewTestError

RUNNER = '''"""The guide's unified test runner: takes the options of `ci-toolkit run`."""

from ci_toolkit.unified_test_runner import main

if __name__ == "__main__":
    main()
'''


def write_runner(root: Path) -> Path:
    """Write ``tests/unified_test_runner.py`` below ``root`` and return its path. Raises NewTestError if it exists."""
    path = root / "tests" / "unified_test_runner.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(RUNNER)
    except FileExistsError as error:
        raise NewTestError(f"{path} exists already", advice="Run it, or remove it first.") from error
    except OSError as error:
        raise NewTestError(
            f"{path} cannot be written: {error.strerror}", advice="Check the folder's permissions."
        ) from error
    return path
