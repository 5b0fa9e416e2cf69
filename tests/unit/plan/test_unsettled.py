"""Functions whose ids may be others in another process: a plan cuts beside them, and never through them."""

import msgspec
import pytest
from plan_cases import Times, durations_of

from ci_toolkit.model.durations import Durations
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Algorithm, Keep, PlanRequest

IDS = tuple(f"test_many[{number}]" for number in range(8))
ALL = (*IDS, "test_one", "test_two")
TIMES: Times = {"test_a.py": dict.fromkeys(ALL, 1.0)}


def known(*unsettled: str) -> Durations:
    durations = durations_of(TIMES)
    files = tuple(msgspec.structs.replace(file, unsettled=unsettled) for file in durations.files)
    return msgspec.structs.replace(durations, files=files)


def plan_of_one_file(
    durations: Durations, *, anchors: tuple[str, ...] = ("test_many", "test_one", "test_two"), **request: object
) -> Plan:
    suite = Suite(root=".", arguments=(), files=(SuiteFile(path="test_a.py", anchors=anchors),))
    return build_plan(suite, durations, PlanRequest(shards=2, **request))  # type: ignore[arg-type]


def names(plan: Plan) -> set[str]:
    return {name for cut in plan.cuts for piece in cut.pieces for name in piece}


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("keep", [Keep.NOTHING, Keep.CLASS, Keep.XDIST_GROUP])
def test_an_unsettled_function_is_one_name_of_a_cut(algorithm: Algorithm, keep: Keep) -> None:
    plan = plan_of_one_file(known("test_many"), algorithm=algorithm, keep=keep)
    assert names(plan) == {"test_many", "test_one", "test_two"}
    assert plan.makespan_seconds == 8.0


def test_an_unsettled_function_bounds_the_plan_and_is_named() -> None:
    plan = plan_of_one_file(known("test_many"))
    assert (plan.lower_bound_seconds, plan.limited_by) == (8.0, "test_a.py::test_many")


def test_a_settled_function_is_divided() -> None:
    plan = plan_of_one_file(known())
    assert plan.makespan_seconds == 5.0
    assert names(plan) > set(IDS[:5])


@pytest.mark.parametrize(
    ("listed", "is_divided"),
    [(ALL, True), ((*ALL[1:], "test_many[other]"), False), (ALL[1:], False), ((*ALL, "test_many[more]"), False)],
)
def test_a_listing_and_history_that_agree_settle_a_function(listed: tuple[str, ...], is_divided: object) -> None:
    plan = plan_of_one_file(known("test_many"), anchors=listed, is_collected=True)
    assert any("[" in name for name in names(plan)) == is_divided


def test_a_listing_alone_settles_no_function() -> None:
    plan = plan_of_one_file(Durations(), anchors=ALL, is_collected=True)
    assert names(plan) == {"test_many", "test_one", "test_two"}
