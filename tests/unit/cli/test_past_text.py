import msgspec
import pytest

from ci_toolkit.cli.past_text import past_lines
from ci_toolkit.history.past import TestPast, Way, near_tests
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.outcomes import Go, GoKind, KnownGo
from ci_toolkit.report.text import View

AT = 1_793_000_000.0
HOSTILE = "test_a.py::test[\x1b[2J\n::error::x\u2028]"


def known(ended: Ended, number: int = 0, **about: object) -> KnownGo:
    go = Go(path="test_a.py", suffix="t", ended=ended, signature="5ea1" if ended is Ended.FAILED else "")
    fields = {name: value for name, value in about.items() if name in Go.__struct_fields__}
    return KnownGo(
        at=AT + number * 3600,
        run="run",
        commit=f"{number:08x}" + "0" * 32,
        lineage=Lineage(branch=str(about.get("branch", "main"))),
        environment="cpython-3.12-linux",
        shard=12,
        order="",
        go=msgspec.structs.replace(go, **fields),
    )


def past(*goes: KnownGo, node_id: str = "test_a.py::t", text: str = "AssertionError: no") -> TestPast:
    way = Way(
        letter="A",
        signature="5ea1",
        text=text,
        times=2,
        first_at=AT,
        first_commit="f1" * 20,
        last_at=AT,
        last_commit="1a" * 20,
    )
    return TestPast(origin="h", node_id=node_id, goes=goes, ways=(way,) if any(g.go.signature for g in goes) else ())


def lines(of: TestPast, *, width: int | None = 80, top: int = 10) -> list[str]:
    return [line.text for line in past_lines(of, View(width=width), top=top)]


def test_goes_are_drawn_the_oldest_first_with_commits_and_ways_to_fail() -> None:
    of = past(known(Ended.PASSED), known(Ended.FAILED, 1), known(Ended.SKIPPED, 2), known(Ended.PASSED, 3))
    assert lines(of) == [
        "test_a.py::t",
        "  4 outcomes, the oldest first: 2 passed, 1 failed, 1 skipped",
        "  2026-10-26  00000000   .As.",
        "-- ways to fail --",
        "  A  2 times  5ea1",
        "     AssertionError: no",
        "     first 2026-10-26 at f1f1f1f1, last 2026-10-26 at 1a1a1a1a",
        "-- what did not simply pass, the latest first --",
        "  2026-10-26 09:33  00000002   skipped     shard 12  first     main",
        "  2026-10-26 08:33  00000001   failed A    shard 12  first     main",
    ]


def test_test_that_always_passed_has_nothing_more_to_tell() -> None:
    assert lines(past(*(known(Ended.PASSED, number) for number in range(120)))) == [
        "test_a.py::t",
        "  120 outcomes, the oldest first: 120 passed",
        f"  2026-10-26  00000000   {'.' * 50}",
        f"  2026-10-28  00000032   {'.' * 50}",
        f"  2026-10-30  00000064   {'.' * 20}",
    ]


def test_trials_that_passed_are_listed_too_and_say_where_they_ran() -> None:
    trial = known(
        Ended.PASSED, kind=GoKind.ISOLATED, on_base=True, elsewhere=True, branch="a/very-long-name-of-a-branch"
    )
    last = lines(past(trial))[-1]
    assert last == "  2026-10-26 07:33  00000000   passed      shard 12  isolated, base, elsewhere"


def test_no_more_are_listed_than_asked_for_and_the_rest_is_counted() -> None:
    of = past(*(known(Ended.FAILED, number) for number in range(30)))
    assert lines(of, top=2)[-1] == "  ... and 28 more: --top 30"
    assert not any("latest first" in line for line in lines(of, top=0))


@pytest.mark.parametrize("width", [80, None])
def test_strangers_names_stay_data_and_lines_stay_short(width: int | None) -> None:
    of = past(
        known(Ended.FAILED, branch="\x1b]0;x\x07" + "b" * 300), known(Ended.ERROR), node_id=HOSTILE, text="\r\n" * 300
    )
    shown = lines(of, width=width)
    assert all(line.isprintable() for line in shown)
    assert all(len(line) <= 80 for line in shown[1:] if width)


def test_failure_without_a_kept_signature_is_drawn_by_its_letter() -> None:
    of = past(
        known(Ended.FAILED),
        msgspec.structs.replace(known(Ended.FAILED), go=Go(path="a", suffix="t", ended=Ended.ERROR)),
    )
    assert of.drawn() == "AE"


SUITE = [
    "tests/unit/test_a.py::test_login[ann]",
    "tests/unit/test_a.py::test_login[bob]",
    "tests/test_b.py::T::test_out",
]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tests/unit/test_a.py::test_login", "tests/unit/test_a.py::test_login[ann]"),
        ("tests/unit/test_a.py::test_logni[bob]", "tests/unit/test_a.py::test_login[bob]"),
        ("tests/unit/test_aa.py::test_login[ann]", "tests/unit/test_a.py::test_login[ann]"),
        ("test_b.py::T::test_out", "tests/test_b.py::T::test_out"),
        ("tests/test_b.py", "tests/test_b.py::T::test_out"),
        ("tests/test_b.py::T", "tests/test_b.py::T::test_out"),
        ("tests/test_b.py::nothing_like_it_at_all", "tests/test_b.py::T::test_out"),
    ],
)
def test_misspelt_node_id_finds_what_was_meant(written: str, meant: str) -> None:
    assert near_tests(written, SUITE)[0] == meant


def test_name_that_is_like_none_finds_none() -> None:
    assert near_tests("zzz", SUITE) == []
