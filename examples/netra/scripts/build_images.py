"""Builds the images of the services: `python scripts/build_images.py [--alpine] [OPTIONS OF docker build]`."""

import subprocess
import sys
from pathlib import Path

from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.services.catalog.table import ServiceEnvironment

ROOT = Path(__file__).parents[1]
ALPINE = "--alpine"
PYTHON_OF_ALPINE = ("--build-arg", "PYTHON=python:3.12-alpine")


def main(words: list[str]) -> None:
    """Build one image for each service of the team's own that has one in the table; a target has the service's name."""
    small = ALPINE in words
    environment = ServiceEnvironment.TEST_ALPINE if small else ServiceEnvironment.TEST
    options = [*(PYTHON_OF_ALPINE if small else ()), *(word for word in words if word != ALPINE)]
    for row in read_table(ROOT).services:
        if row.is_own and row.image:
            image = row.image_for(environment)
            command = ["docker", "build", "--target", row.name, "-t", image, *options, "."]
            subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
