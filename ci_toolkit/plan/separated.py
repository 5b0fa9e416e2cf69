"""Says what belongs together and is on several shards all the same, for some ways to plan cannot keep it."""

from collections.abc import Iterator, Sequence

from ci_toolkit.model.plan import Plan, PlanNote
from ci_toolkit.model.suite import SuiteFile
from ci_toolkit.model.wording import some_of
from ci_toolkit.plan.request import Keep
from ci_toolkit.plan.shard_of import ShardOf

_NAMED = 3


def notes_on_separated(files: Sequence[SuiteFile], plan: Plan, keep: Keep) -> tuple[PlanNote, ...]:
    """Return a note on the linked files, and on the groups to keep, that ``plan`` has on several shards."""
    shard_of = ShardOf(plan)
    places: dict[str, dict[str, int]] = {}
    for file in files:
        for name, suffix in _bonds(file, keep):
            shard = shard_of(file.path, suffix)
            if shard is not None:
                places.setdefault(name, {})[file.path] = shard + 1
    torn = [(name, on) for name, on in sorted(places.items()) if len(set(on.values())) > 1]
    if not torn:
        return ()
    told = [f"{name} ({', '.join(f'{path} on shard {shard}' for path, shard in on.items())})" for name, on in torn]
    message = (
        f"the plan separates what belongs together: {some_of(told, _NAMED, '; ')}; "
        "stages of categories and pytest-split's algorithms cannot keep it"
    )
    return (PlanNote(kind="separated-tests", message=message),)


def _bonds(file: SuiteFile, keep: Keep) -> Iterator[tuple[str, str]]:
    """Yield what tests of ``file`` share with others that belong with them, and the suffix of one of them."""
    if file.together:
        yield f"files that marks link with {file.together}", ""
    if keep is Keep.XDIST_GROUP:
        for suffix, group in file.groups:
            yield f"xdist_group {group!r}", suffix
