"""What the goes of a test say of it: how often it failed, and how many clean passes show that it is mended."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ci_toolkit.model.ended import Ended
from ci_toolkit.model.outcomes import GoKind, KnownGo, KnownRuling
from ci_toolkit.model.standing import SeenSignature, Standing
from ci_toolkit.verdict.court.case import Kind
from ci_toolkit.verdict.court.lists import passes_needed

_USUAL_FAILURES, _USUAL_GOES = 0.35, 3.85
"""What a flaky test has done as long as nothing is known of it: the Beta distribution that fits public ones."""
_BROKEN = frozenset({Kind.REGRESSION, Kind.SUSPECT})
"""What says that a change broke a test, or that main has it broken."""


def standing_of(goes: Sequence[KnownGo]) -> Standing:
    """Return what ``goes`` of one test, the latest first, say of it."""
    heads = [go for go in goes if not go.go.on_base]
    firsts = [go for go in heads if go.go.kind is GoKind.FIRST]
    failed = [go for go in firsts if go.go.ended.is_failure]
    last_failure = max((go.at for go in heads if go.go.ended.is_failure), default=0.0)
    clean = {go.order for go in firsts if go.go.ended is Ended.PASSED and go.order and go.at > last_failure}
    until_then = sum(1 for go in firsts if go.at <= last_failure)
    share = (len(failed) + _USUAL_FAILURES) / (until_then + _USUAL_GOES)
    bad = _trees(go for go in heads if go.go.ended.is_failure)
    good = _trees(go for go in heads if go.go.ended is Ended.PASSED)
    return Standing(
        goes=len(firsts),
        failures=len(failed),
        clean=len(clean),
        needed=passes_needed(share),
        flips=len(bad & good),
        trees=len(bad),
        first_failed_at=min((go.at for go in heads if go.go.ended.is_failure), default=0.0),
        last_failed_at=last_failure,
        signatures=_signatures(heads),
    )


def worst(standings: Sequence[Standing]) -> Standing:
    """Return the one of ``standings`` that is farthest from being clean: those of one test with many parameters."""
    return min(standings, key=lambda standing: (standing.clean - standing.needed, standing.last_failed_at))


def breaking_ruling(goes: Sequence[KnownGo], rulings: Sequence[KnownRuling]) -> KnownRuling | None:
    """Return the ruling, the newest, by which a test is broken and nothing since shows it flaky; else None.

    ``goes`` and ``rulings`` are those of the test, the latest first. It was shown flaky since if it failed and passed
    on other sources than those of the ruling: a regression may pass now and then as well.
    """
    newest = next(iter(rulings), None)
    if newest is None or newest.judged.kind not in _BROKEN:
        return None
    sources = {newest.tree, ""}
    since = [go for go in goes if go.at > newest.at and go.run != newest.run and go.lineage.tree not in sources]
    return None if standing_of(since).flips else newest


def broken_ways(rulings: Iterable[KnownRuling]) -> frozenset[str]:
    """Return the signatures of which the newest of ``rulings``, the latest first, is that a change broke the test."""
    kinds: dict[str, str] = {}
    for ruling in rulings:
        kinds.setdefault(ruling.judged.signature, ruling.judged.kind)
    return frozenset(signature for signature, kind in kinds.items() if kind in _BROKEN)


def _trees(goes: Iterable[KnownGo]) -> set[str]:
    # A checkout with changes of its own has no tree; the goes of one run in it are of the same sources all the same.
    return {go.lineage.tree or f"run {go.run}" for go in goes}


def _signatures(goes: Sequence[KnownGo]) -> tuple[SeenSignature, ...]:
    times = Counter(go.go.signature for go in goes if go.go.ended.is_failure and go.go.signature)
    texts = {go.go.signature: go.go.text for go in goes}
    ordered = sorted(times.items(), key=lambda seen: (-seen[1], seen[0]))
    return tuple(SeenSignature(signature=digest, times=count, text=texts[digest]) for digest, count in ordered)
