"""The language model that tests use: any OpenAI-compatible endpoint, named by environment variables."""

from dataclasses import dataclass, field
from typing import Final

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.isolated_environment import IsolatedEnvironment, get_env
from ci_toolkit.test_framework.secret import Secret

ASKED_FOR: Final = "CI_TOOLKIT_REAL_LLM"
"""``1`` where a real language model was asked for: without one its tests fail instead of being skipped."""
BASE_URL: Final = "CI_TOOLKIT_LLM_BASE_URL"
"""Where it answers; unset, OpenAI's own."""
API_KEY: Final = "CI_TOOLKIT_LLM_API_KEY"
MODEL: Final = "CI_TOOLKIT_LLM_MODEL"
INPUT_PRICE: Final = "CI_TOOLKIT_LLM_INPUT_PRICE"
"""US dollars for a million tokens sent; without both prices no cost is reported."""
OUTPUT_PRICE: Final = "CI_TOOLKIT_LLM_OUTPUT_PRICE"
"""US dollars for a million tokens received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMSettings:
    """Which model, where, and what it costs."""

    base_url: str | None
    api_key: Secret = field(repr=False)
    model: str
    input_price: float | None = None
    output_price: float | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Return the price in US dollars, ``None`` where no prices are set."""
        if self.input_price is None or self.output_price is None:
            return None
        return (input_tokens * self.input_price + output_tokens * self.output_price) / 1_000_000


def has_llm_credentials() -> bool:
    """Whether the environment names a language model and a key for it."""
    return not missing_credentials(get_env())


def missing_credentials(env: IsolatedEnvironment) -> list[str]:
    """Return the variables that are needed and unset."""
    return [name for name in (API_KEY, MODEL) if not env.get(name)]


def read_llm_settings(env: IsolatedEnvironment | None = None) -> LLMSettings:
    """Return the settings. Raises ConfigurationError naming the variable that is missing or no price."""
    env = env or get_env()
    missing = missing_credentials(env)
    if missing:
        raise ConfigurationError(
            f"no language model: {' and '.join(missing)} not set",
            advice=f"Set them, and {BASE_URL} for another endpoint than OpenAI's.",
        )
    return LLMSettings(
        base_url=env.get(BASE_URL) or None,
        api_key=Secret(env.get(API_KEY, "")),
        model=env.get(MODEL, ""),
        input_price=_price(env, INPUT_PRICE),
        output_price=_price(env, OUTPUT_PRICE),
    )


def _price(env: IsolatedEnvironment, name: str) -> float | None:
    text = env.get(name)
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{name}={text!r} is not a number", advice="It is US dollars for a million tokens."
        ) from error
