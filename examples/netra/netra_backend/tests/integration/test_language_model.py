"""
Test the language model client against every way of failing

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Answers in time, or a clear error
- Value Impact: A model that hangs or talks nonsense never leaves a user without a word
- Strategic Impact: Reliability
"""

import pytest
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from netra_backend.app.language_model import LanguageModel, ModelError
from netra_backend.app.settings import ModelSettings

LONG = 30.0
"""Seconds that no answer takes, on a busy machine either."""


class TestLanguageModel(BaseIntegrationTest):
    """Over the real protocol; the scripted server does on request what models do now and then."""

    @pytest.mark.integration
    async def test_an_answer_says_that_it_is_scripted(self, real_services_fixture):
        """Nobody takes a script for a model."""
        answer = await self.ask(real_services_fixture, "What do my costs waste?")
        assert answer.is_scripted
        assert answer.text.startswith("(scripted)")
        assert answer.tokens > 0

    @pytest.mark.integration
    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            ("scripted:cut", "llm_unavailable", "connection"),
            ("scripted:error", "llm_unavailable", "HTTP 500"),
            ("scripted:busy", "llm_unavailable", "HTTP 429"),
            ("scripted:nonsense", "llm_nonsense", "no word"),
            ("scripted:page", "llm_nonsense", "no language model"),
        ],
    )
    async def test_what_is_no_answer_is_an_error_with_a_code(self, real_services_fixture, words, code, told):
        """By words in the question, or in the model's name."""
        with pytest.raises(ModelError, match=told) as failure:
            await self.ask(real_services_fixture, f"Help me {words}")
        assert failure.value.code == code
        with pytest.raises(ModelError, match=told):
            await self.ask(real_services_fixture, "Help me", name=f"any {words}")

    @pytest.mark.integration
    async def test_a_model_that_hangs_is_given_up(self, real_services_fixture):
        """The limit holds for the whole answer."""
        with pytest.raises(ModelError, match=r"did not answer within 0\.2 s"):
            await self.ask(real_services_fixture, "scripted:hang", seconds=0.2)

    @pytest.mark.integration
    async def test_a_model_that_is_not_there_is_an_error(self, real_services_fixture):
        """Neither where nothing is configured nor where nobody listens."""
        with pytest.raises(ModelError, match="no language model is configured"):
            await LanguageModel(ModelSettings()).ask("anything")
        nobody = LanguageModel(ModelSettings(base_url="http://127.0.0.1:1/v1", api_key="none", name="any"))
        with pytest.raises(ModelError, match="connection"):
            await nobody.ask("anything")

    async def ask(self, services, question, *, name="scripted", seconds=LONG):
        """Ask the scripted server once."""
        url = f"{services['scripted_llm_url']}/v1"
        model = LanguageModel(ModelSettings(base_url=url, api_key="none is needed", name=name, seconds=seconds))
        try:
            return await model.ask(question)
        finally:
            await model.close()
