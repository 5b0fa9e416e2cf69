"""
Test the script of the scripted language model

Business Value Justification (BVJ):
- Segment: Platform
- Business Goal: Tests that mean the same every day
- Value Impact: Nobody takes a script's answer for a model's
- Strategic Impact: Trust in the suite
"""

import pytest
from scripted_llm.app.script import MODEL, Behaviour, answer_to, behaviour_of


def asked(content, model="any"):
    return {"model": model, "messages": [{"role": "user", "content": content}]}


def test_the_same_question_has_the_same_answer():
    assert answer_to(asked("What do my costs waste?")) == answer_to(asked("What do my costs waste?"))


@pytest.mark.parametrize("question", ["What do my costs waste?", "hello", "", None])
def test_name_and_every_line_of_an_answer_say_that_it_is_scripted(question):
    lines = answer_to(asked(question)).splitlines()
    assert lines
    assert all(line.startswith("(scripted)") for line in lines)
    assert "scripted" in MODEL


@pytest.mark.parametrize("behaviour", Behaviour)
def test_a_request_asks_for_a_behaviour_in_its_model_s_name_or_its_text(behaviour):
    assert behaviour_of(asked(f"Please scripted:{behaviour} now")) is behaviour
    assert behaviour_of(asked("hello", model=f"scripted:{behaviour}")) is behaviour


@pytest.mark.parametrize("text", ["hang on", "scripted:unknown", "unscripted"])
def test_other_words_ask_for_an_answer(text):
    assert behaviour_of(asked(text)) is Behaviour.ANSWER
