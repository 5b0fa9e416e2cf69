"""The properties of a test's report that say what it used of a real language model: in journals and in JUnit."""

from typing import Final

MODEL: Final = "llm_model"
CALLS: Final = "llm_calls"
INPUT_TOKENS: Final = "llm_input_tokens"
OUTPUT_TOKENS: Final = "llm_output_tokens"
COST: Final = "llm_cost_usd"
FAILED_CALLS: Final = "llm_failed_calls"
"""Calls without a whole answer."""
UNCOUNTED_CALLS: Final = "llm_uncounted_calls"
"""Calls whose tokens nobody stated."""
