from ci_toolkit.config.categories import categories_from
from ci_toolkit.model.category import Categories
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.plan import plan_from_json, plan_to_json
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.stages import join, stages_of

E2E = SuiteFile(path="e2e/test_a.py", category="e2e")
CRITICAL_E2E = SuiteFile(path="e2e/test_c.py", category="e2e", mentions=("mission_critical",))
INTEGRATION = SuiteFile(path="integration/test_a.py", category="integration")
UNIT = SuiteFile(path="unit/test_a.py", category="unit")
CRITICAL = SuiteFile(path="mission_critical/test_a.py", category="mission_critical")
MARKED = SuiteFile(path="test_marked.py", mentions=("integration", "unit"))
EVERY = (E2E, CRITICAL_E2E, INTEGRATION, UNIT, CRITICAL, MARKED)


def test_each_category_runs_after_those_it_depends_on_and_mission_critical_first() -> None:
    stages = stages_of(EVERY, Categories(), (), critical_first=False)
    assert stages == [(CRITICAL,), (UNIT,), (INTEGRATION, MARKED), (E2E, CRITICAL_E2E)]


def test_under_a_budget_files_with_mission_critical_tests_come_first() -> None:
    stages = stages_of(EVERY, Categories(), (), critical_first=True)
    assert stages == [(CRITICAL_E2E, CRITICAL), (UNIT,), (INTEGRATION, MARKED), (E2E,)]


def test_a_file_that_is_selected_for_its_mission_critical_tests_alone_runs_with_them() -> None:
    stages = stages_of((CRITICAL_E2E, UNIT), Categories(), ("mission_critical", "unit"), critical_first=False)
    assert stages == [(CRITICAL_E2E,), (UNIT,)]


def test_a_category_of_ones_own_takes_its_place() -> None:
    categories = categories_from({"contract": {"after": ["unit"]}}, origin="here")
    contract = SuiteFile(path="contract/test_a.py", category="contract")
    assert stages_of((E2E, contract, UNIT), categories, (), critical_first=False) == [(UNIT,), (contract,), (E2E,)]


def test_stages_join_to_one_plan_that_reads_back() -> None:
    plans = [
        build_plan(Suite(root=".", arguments=(), files=files), Durations(), PlanRequest(shards=2))
        for files in ((UNIT, MARKED), (E2E,))
    ]
    staged = join(plans)
    assert staged.stages == ((1, 2), (3,))
    assert [shard.index for shard in staged.plan.shards] == [1, 2, 3]
    assert plan_from_json(plan_to_json(staged.plan), origin="here") == staged.plan
