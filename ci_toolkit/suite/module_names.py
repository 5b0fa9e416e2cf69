"""Which test files pytest would import under one name: the second of them is an error where both are in one process."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path


def namesakes(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield pairs of paths whose modules have one name in the import modes ``prepend`` and ``append``.

    ``files`` maps each path of the suite to where it lies. Shards that import one of two namesakes each would both
    pass, and hide what pytest says of the two.
    """
    by_name: dict[str, list[str]] = defaultdict(list)
    is_package = cache(lambda folder: (folder / "__init__.py").is_file())
    for path, file in files.items():
        if file.suffix == ".py":
            by_name[_module_name(file, is_package)].append(path)
    for first, *others in by_name.values():
        for other in others:
            yield first, other


def _module_name(file: Path, is_package: Callable[[Path], bool]) -> str:
    parts = [file.stem]
    for folder in file.parents:
        if not is_package(folder):
            break
        parts.append(folder.name)
    return ".".join(reversed(parts))
