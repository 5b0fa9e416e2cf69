"""Whether the shards ran the same thing: the same commit, the same sources, the same Python, the same plugins."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.model.environment import Environment
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.wording import some_of


def disagreements(bundles: Sequence[Bundle], merges: Sequence[ShardMerge]) -> tuple[Problem, ...]:
    """Return how the shards differ in what they ran; evidence of two programs is evidence of neither."""
    sources = {merge.shard.index: merge.sources for merge in merges}
    return (*_commits(bundles), *_sources(sources), *_environments(bundles))


def _commits(bundles: Sequence[Bundle]) -> Iterator[Problem]:
    known = {bundle.card.index: bundle.card.commit[:12] for bundle in bundles if bundle.card.commit}
    if len(set(known.values())) > 1:
        message = f"the shards ran different commits: {_groups(known)}; check out one commit in every job"
        yield Problem(kind=ProblemKind.SOURCES_DIFFER, message=message)


def _sources(executed: Mapping[int, Mapping[str, str]]) -> Iterator[Problem]:
    """Compare each file that several shards executed; a file that one shard alone executed cannot differ."""
    first: dict[str, tuple[int, str]] = {}
    differ: dict[str, tuple[int, int]] = {}
    for index, files in executed.items():
        for path, digest in files.items():
            other, known = first.setdefault(path, (index, digest))
            if known != digest:
                differ.setdefault(path, (other, index))
    if not differ:
        return
    named = [f"{path} (shards {one} and {other})" for path, (one, other) in sorted(differ.items())]
    message = f"the shards executed different versions of {some_of(named)}; run every shard on the same sources"
    yield Problem(kind=ProblemKind.SOURCES_DIFFER, message=message)


_SAME: tuple[tuple[str, Callable[[Environment], str]], ...] = (
    ("Python", lambda ran: f"{ran.implementation} {ran.python}"),
    ("pytest", lambda ran: ran.pytest),
)


def _environments(bundles: Sequence[Bundle]) -> Iterator[Problem]:
    ran = {bundle.card.index: bundle.card.environment for bundle in bundles if bundle.card.environment is not None}
    for what, version_of in _SAME:
        versions = {index: version_of(environment) for index, environment in ran.items()}
        if len(set(versions.values())) > 1:
            message = f"the shards ran different versions of {what}: {_groups(versions)}"
            yield Problem(kind=ProblemKind.ENVIRONMENTS_DIFFER, message=message)
    plugins = {index: frozenset(environment.plugins) for index, environment in ran.items()}
    everywhere = frozenset.intersection(*plugins.values()) if plugins else frozenset()
    odd = {index: ", ".join(sorted(own - everywhere)) or "none of these" for index, own in plugins.items()}
    if len(set(odd.values())) > 1:
        message = f"the shards ran with different plugins: {_groups(odd)}"
        yield Problem(kind=ProblemKind.ENVIRONMENTS_DIFFER, message=message)


def _groups(values: Mapping[int, str]) -> str:
    """Return ``shards 1, 3: A; shard 2: B``."""
    by_value: dict[str, list[int]] = {}
    for index, value in sorted(values.items()):
        by_value.setdefault(value, []).append(index)
    return "; ".join(
        f"shard{'s' * (len(shards) > 1)} {', '.join(map(str, shards))}: {value}" for value, shards in by_value.items()
    )
