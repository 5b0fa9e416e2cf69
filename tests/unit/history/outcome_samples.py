"""Tries of shards and judged runs to fill a history with."""

from collections.abc import Mapping
from typing import Any

import msgspec
from history_samples import HERE, NOW

from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.outcomes import FileOutcomes, Go, GoKind, Judged, JudgedRun, TryOutcomes


def try_of(letters: Mapping[str, str], *goes: Go, tree: str = "tree", **about: Any) -> RunRecord:
    """Return a try of a shard; ``letters`` is suffix to letter of the tests of ``test_a.py``."""
    together = "".join(letters.values())
    file = FileOutcomes(
        path="test_a.py",
        suffixes=msgspec.json.encode(list(letters)),
        letters=together if together.strip(".") else "",
    )
    one = TryOutcomes(
        key="try",
        run="run",
        at=NOW,
        environment=HERE,
        commit="c0ffee",
        lineage=Lineage(tree=tree, base="ba5e", branch="main", is_main=True),
        shard=1,
        order="order",
        files=(file,),
        goes=goes,
    )
    return RunRecord(outcomes=(msgspec.structs.replace(one, **about),))


def go(
    suffix: str,
    ended: Ended = Ended.FAILED,
    *,
    number: int = 0,
    kind: GoKind = GoKind.FIRST,
    on_base: bool = False,
    signature: str = "5ea1",
) -> Go:
    failed = ended in {Ended.FAILED, Ended.ERROR}
    return Go(
        path="test_a.py",
        suffix=suffix,
        number=number,
        kind=kind,
        on_base=on_base,
        ended=ended,
        signature=signature if failed else "",
        cause="cau5e" if failed else "",
        text="AssertionError: assert 404 == 200" if failed else "",
        seconds=0.25,
    )


def judged_run(*failures: Judged, key: str = "run", at: float = NOW, trial_seconds: float = 1.5) -> RunRecord:
    run = JudgedRun(
        key=key,
        at=at,
        environment=HERE,
        commit="c0ffee",
        tree="tree",
        is_main=True,
        order="order",
        tests_seconds=60.0,
        trial_seconds=trial_seconds,
        failures=failures,
    )
    return RunRecord(judged=(run,))


def judged(test: str, kind: str = "flaky") -> Judged:
    return Judged(test=test, signature="5ea1", kind=kind, is_red=False, rate=0.25, head_passed=True)
