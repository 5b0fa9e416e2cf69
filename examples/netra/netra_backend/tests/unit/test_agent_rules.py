"""
Test what the agents know without a model

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Advice that is never made up
- Value Impact: Figures are computed, and what rules say is called so
- Strategic Impact: Core value proposition
"""

import pytest
from netra_backend.app.agents.cost_optimizer import by_rules, lines_of
from netra_backend.app.agents.result import AgentResult
from netra_backend.app.agents.triage import is_about_costs
from netra_backend.app.costs import analyze_costs
from netra_backend.app.language_model import Answer


def test_waste_is_computed_for_each_kind_of_resource():
    assert analyze_costs(10_000) == {"compute": 1500.0, "storage": 1200.0, "network": 100.0}


@pytest.mark.parametrize("amount", [-1, 1e13, 10**400, float("nan"), float("inf"), True, "50000", None, [1]])
def test_what_is_no_amount_is_an_error(amount):
    with pytest.raises(ValueError, match="monthly_spend is not an amount"):
        analyze_costs(amount)


def test_rules_begin_with_the_largest_saving():
    assert by_rules({"network": 1.0, "compute": 5.0})[0].startswith("Shut down idle compute")


def test_a_recommendation_is_a_line_without_its_bullet():
    assert lines_of("- Buy plans\n\n * Stop idle ones \n•\n") == ["Buy plans", "Stop idle ones"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [("Reduce my costs", True), ("Where do I SPEND most?", True), ("hello", False), ("Accost me", False)],
)
def test_questions_of_cost_are_known_by_their_words(message, expected):
    assert is_about_costs(message) is expected


@pytest.mark.parametrize(
    ("answer", "answered_by", "model"),
    [
        (None, "rules", None),
        (Answer(text="Save", model="gpt-4"), "language_model", {"name": "gpt-4", "is_scripted": False}),
        (Answer(text="Save", model="scripted-llm"), "language_model", {"name": "scripted-llm", "is_scripted": True}),
    ],
)
def test_a_result_says_who_answered(answer, answered_by, model):
    told = AgentResult("Save.", answer=answer).to_json()
    assert (told["answered_by"], told["language_model"]) == (answered_by, model)
