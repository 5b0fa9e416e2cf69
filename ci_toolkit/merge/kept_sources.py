"""Takes the sources out of the bundles that coverage speaks of and this checkout lacks."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import coverage
from coverage.files import GlobMatcher, prep_patterns

from ci_toolkit.errors import FormatError
from ci_toolkit.files import make_folder, open_regular
from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.relocation import Relocation
from ci_toolkit.model.bundle import SOURCES_FOLDER, BundleFile
from ci_toolkit.model.merged import COPIED_SOURCES

_LARGEST: Final = 1024 * 1024


def bring_sources(bundles: Iterable[tuple[Relocation, Bundle]], out: Path) -> Mapping[str, str]:
    """Copy into ``out`` each kept source that is not here; return where a measured file would be here to its copy.

    The first bundle that has a file counts. A copy that is not what its shard wrote is passed over: then the source is
    missing.
    """
    folder = out.resolve() / COPIED_SOURCES
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier merge
    brought: dict[str, str] = {}
    for relocation, bundle in bundles:
        for source in bundle.card.sources_kept:
            name = relocation.place(source.name)
            if name in brought or os.path.exists(name):  # noqa: PTH110 (no name makes it raise)
                continue
            with contextlib.suppress(OSError, ValueError):  # a name that no file can have
                data, target = _read(Path(bundle.folder), source.copy), _below(folder, name)
                if data is not None and target is not None:
                    make_folder(target.parent)
                    target.write_bytes(data)
                    brought[name] = str(target)
    return brought


def is_left_out(name: str, measured: coverage.Coverage) -> bool:
    """Whether coverage's own settings keep the file ``name`` out of reports; they cannot know where its copy is."""
    path = str(Path(name).absolute())
    include, omit = (measured.get_option(f"report:{word}") for word in ("include", "omit"))
    return not _matches(path, include, otherwise=True) or _matches(path, omit, otherwise=False)


def _matches(path: str, patterns: object, *, otherwise: bool) -> bool:
    if not isinstance(patterns, list) or not patterns:
        return otherwise
    return GlobMatcher(prep_patterns(patterns)).match(path)


def _below(folder: Path, name: str) -> Path | None:
    """Return the place below ``folder`` for the file ``name``: as it lies in our folder, else by its whole path.

    None where another file is there already, or no file can be.
    """
    path = Path(os.path.normpath(Path.cwd() / name))
    inside = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path.relative_to(path.anchor)
    target = folder / inside
    return target if inside.parts and not target.exists() and target.parent.resolve().is_relative_to(folder) else None


def _read(bundle: Path, copy: BundleFile) -> bytes | None:
    parts = PurePosixPath(copy.path).parts
    if len(parts) != len((SOURCES_FOLDER, "0", "NAME")) or parts[0] != SOURCES_FOLDER or ".." in parts:
        return None
    path = bundle / copy.path
    try:
        if path.parent.resolve() != bundle.resolve() / parts[0] / parts[1]:
            return None  # a link leads out of the bundle
        with open_regular(path) as file:
            data = file.read(_LARGEST + 1)
    except (OSError, FormatError):
        return None
    return data if len(data) == copy.size and hashlib.sha256(data).hexdigest() == copy.sha256 else None
