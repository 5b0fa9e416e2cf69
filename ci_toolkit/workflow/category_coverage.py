"""Whether shards keep coverage apart by category: for a suite without categories it would only cost time."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import restore_surrogates
from ci_toolkit.suite.mentions import MentionReader
from ci_toolkit.suite.running_coverage import core_for_contexts
from ci_toolkit.workflow.category_selection import CategorySelection


def is_kept_by_category(
    plan: Plan, folder: Path, selection: CategorySelection, variables: Mapping[str, str], version: tuple[int, ...]
) -> bool:
    """Return whether shards of ``plan``, made in ``folder``, attribute what they cover to categories.

    That costs nothing where coverage traces. Where its default is ``sys.monitoring``, a slower core has to take its
    place, so it is done there if a setting asks for the coverage of a category, or a merge could: if any test is of one
    by its place, or its file or a conftest file above it speaks of one.
    """
    if not core_for_contexts(variables, version) or selection.coverage_thresholds:
        return True
    categories, root = selection.categories, folder / plan.root
    files = [Path(restore_surrogates(place)) for place in plan.files()]
    read = MentionReader(categories).read
    return any(map(categories.of_path, plan.files())) or any(read(root / file) for file in _with_conftests(files))


def _with_conftests(files: list[Path]) -> Iterator[Path]:
    yield from files
    yield from (parent / "conftest.py" for parent in {parent for file in files for parent in file.parents})
