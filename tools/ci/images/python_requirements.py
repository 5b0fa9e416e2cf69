"""Prints what examples/netra requires, with what ci-toolkit requires of it in its place: the first two arguments."""

import sys
import tomllib
from pathlib import Path

OURS = "ci-toolkit["

netra, toolkit = (tomllib.loads(Path(path).read_text(encoding="utf-8"))["project"] for path in sys.argv[1:3])
extras = next(each for each in netra["dependencies"] if each.startswith(OURS)).removeprefix(OURS).rstrip("]").split(",")
lists = (netra["dependencies"], toolkit["dependencies"], *(toolkit["optional-dependencies"][name] for name in extras))
print("\n".join(each for one in lists for each in one if not each.startswith(OURS)))
