import jsonschema
import msgspec
import pytest

from ci_toolkit.model.plan import Plan, PlannedShard, Unit, plan_to_json
from ci_toolkit.model.record import to_json
from ci_toolkit.model.verdict import Counts, Coverage, Proof, Status, Verdict
from ci_toolkit.schemas import SCHEMAS, generate, shipped

PLAN = Plan(
    shards=(PlannedShard(index=1, estimated_seconds=1, units=(Unit(path="test_a.py", estimated_seconds=1),)),),
    lower_bound_seconds=1.0,
    makespan_seconds=1.0,
).sealed()
VERDICT = Verdict(
    status=Status.PASSED,
    exit_code=0,
    plan_id=PLAN.plan_id,
    counts=Counts(total=1, passed=1),
    coverage=Coverage(percent=None),
    proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement="all"),
)
DOCUMENTS = {"plan": plan_to_json(PLAN), "verdict": to_json(VERDICT)}


WRITER = (0, 22)
"""The version of msgspec that wrote the shipped schemas; an older one orders the kinds of a union otherwise."""


@pytest.mark.skipif(
    tuple(map(int, msgspec.__version__.split(".")[:2])) < WRITER, reason="an older msgspec writes a union otherwise"
)
@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_that_of_the_record(name: str) -> None:
    assert shipped(name) == generate(name), "write it anew with `python -m ci_toolkit.schemas`"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_document_fits_its_schema_and_one_of_another_version_or_shape_does_not(name: str) -> None:
    schema = msgspec.json.decode(shipped(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = msgspec.json.decode(DOCUMENTS[name])
    validator.validate(document)
    for change in ({"schema": 99}, {"no_such_key": 1}, {"plan_id": 7}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**document, **change})
