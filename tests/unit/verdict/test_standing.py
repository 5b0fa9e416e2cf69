from typing import Any

import pytest

from ci_toolkit.model.ended import Ended
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.outcomes import Go, GoKind, Judged, KnownGo, KnownRuling
from ci_toolkit.model.standing import SeenSignature
from ci_toolkit.verdict.court.lists import passes_needed
from ci_toolkit.verdict.standing import breaking_ruling, broken_ways, standing_of, worst


def a_go(
    ended: str = ".", at: float = 1.0, *, tree: str = "t", order: str = "o", run: str = "r", **also: Any
) -> KnownGo:
    return KnownGo(
        at=at,
        run=run,
        commit="c",
        lineage=Lineage(tree=tree),
        environment="e",
        shard=1,
        order=order,
        go=Go(path="a.py", suffix="t", ended=Ended(ended), **also),
    )


def test_clean_passes_are_distinct_orders_since_the_last_failure() -> None:
    goes = [
        a_go(at=9.0, order="b"),
        a_go(at=8.0, order="a"),
        a_go(at=7.0, order="a"),
        a_go("F", at=6.0, order="a", signature="s"),
        a_go(at=5.0, order="c"),
    ]
    standing = standing_of(goes)
    assert (standing.goes, standing.failures, standing.clean) == (5, 1, 2)
    assert standing.shown == f"2/{standing.needed}"
    assert not standing.is_clean


@pytest.mark.parametrize(
    "go",
    [
        a_go("s", at=9.0),
        a_go("?", at=9.0),
        a_go(at=9.0, order=""),
        a_go(at=9.0, kind=GoKind.ISOLATED),
        a_go(at=9.0, on_base=True),
        a_go(at=1.0),
    ],
    ids=["skipped", "lost", "of no known order", "a trial", "of the base", "before it failed"],
)
def test_what_is_no_clean_pass(go: KnownGo) -> None:
    assert standing_of([go, a_go("F", at=2.0)]).clean == 0


def test_a_rerun_that_fails_ends_the_clean_passes_too() -> None:
    goes = [a_go(at=3.0), a_go("F", at=4.0, kind=GoKind.AGAIN, number=1)]
    assert standing_of(goes).clean == 0


def test_more_passes_are_needed_of_what_fails_seldom() -> None:
    needed = {
        runs: standing_of([a_go("F", at=float(runs)), *(a_go(at=1.0) for _ in range(runs - 1))]).needed
        for runs in (1, 10, 100)
    }
    assert needed == {1: 20, 10: 60, 100: 460}
    assert passes_needed(0.0) == passes_needed(0.003) == 1996
    assert passes_needed(1.0) == passes_needed(0.9) == 6


def test_it_is_clean_when_it_has_passed_often_enough() -> None:
    goes = [a_go(at=9.0, order=str(number)) for number in range(20)]
    assert standing_of([*goes, a_go("F", at=2.0)]).is_clean
    assert not standing_of([*goes[1:], a_go("F", at=2.0)]).is_clean


def test_a_flip_is_a_tree_on_which_it_failed_and_passed() -> None:
    goes = [a_go("F", tree="a"), a_go(tree="a"), a_go("F", tree="b"), a_go(tree="c"), a_go(tree="b", on_base=True)]
    standing = standing_of(goes)
    assert (standing.flips, standing.trees) == (1, 2)


def test_where_the_checkout_has_no_name_one_run_is_of_the_same_sources() -> None:
    again = a_go(tree="", run="1", kind=GoKind.AGAIN, number=1)
    assert standing_of([a_go("F", tree="", run="1"), again]).flips == 1
    assert standing_of([a_go("F", tree="", run="1"), a_go(tree="", run="2")]).flips == 0


def test_its_signatures_are_counted() -> None:
    goes = [a_go("F", signature=s, text=f"E: {s}") for s in ("b", "a", "b")]
    assert standing_of(goes).signatures == (
        SeenSignature(signature="b", times=2, text="E: b"),
        SeenSignature(signature="a", times=1, text="E: a"),
    )


def test_of_many_parameters_the_one_counts_that_has_most_to_show() -> None:
    clean = standing_of([a_go(at=9.0, order=str(number)) for number in range(3000)])
    failed = standing_of([a_go("F")])
    assert worst([clean, failed, clean]) == failed


def a_ruling(kind: str, at: float = 5.0, *, signature: str = "s", tree: str = "t") -> KnownRuling:
    judged = Judged(test="a.py::t", signature=signature, kind=kind, is_red=kind == "regression")
    return KnownRuling(at=at, run="judged", commit="c", tree=tree, judged=judged)


FLIP = (a_go("F", at=6.0, tree="u"), a_go(at=6.0, tree="u", kind=GoKind.AGAIN, number=1))


@pytest.mark.parametrize(
    ("rulings", "goes", "is_broken"),
    [
        pytest.param([], [], False, id="nothing was judged"),
        pytest.param([a_ruling("flaky")], [], False, id="ruled flaky"),
        pytest.param([a_ruling("new failure")], [], False, id="not known why"),
        pytest.param([a_ruling("regression")], [], True, id="ruled a regression"),
        pytest.param([a_ruling("suspect")], [], True, id="broken on main"),
        pytest.param([a_ruling("flaky", 7.0), a_ruling("regression")], [], False, id="ruled flaky since"),
        pytest.param([a_ruling("regression", 7.0), a_ruling("flaky")], [], True, id="was flaky before"),
        pytest.param([a_ruling("regression")], FLIP, False, id="failed and passed on other sources since"),
        pytest.param([a_ruling("regression", 7.0)], FLIP, True, id="failed and passed on other sources before"),
        pytest.param([a_ruling("regression", tree="u")], FLIP, True, id="failed and passed on these sources since"),
        pytest.param([a_ruling("regression")], [a_go(at=6.0, tree="u")], True, id="only passed since"),
    ],
)
def test_a_test_is_broken_by_the_newest_ruling_unless_it_was_flaky_since(
    rulings: list[KnownRuling], goes: list[KnownGo], *, is_broken: bool
) -> None:
    assert (breaking_ruling(goes, rulings) is not None) is is_broken


def test_a_way_to_fail_is_broken_as_it_was_ruled_last() -> None:
    rulings = [
        a_ruling("flaky", 4.0, signature="now flaky"),
        a_ruling("regression", 3.0, signature="broken"),
        a_ruling("regression", 2.0, signature="now flaky"),
        a_ruling("flaky", 1.0, signature="broken"),
    ]
    assert broken_ways(rulings) == {"broken"}
