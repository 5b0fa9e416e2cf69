"""What things cost, and what of it can be saved. Pure."""

from typing import Any, Final

PRICE_OF_1000_TOKENS: Final = {"gpt-4": 0.03, "gpt-3.5-turbo": 0.002}
"""US dollars."""
DEFAULT_SPEND: Final = 10_000
"""US dollars a month, where a user does not say."""
_IDLE_SHARE: Final = {"compute": 0.25, "storage": 0.4, "network": 0.1}
_SPLIT: Final = {"compute": 0.6, "storage": 0.3, "network": 0.1}
_MOST: Final = 1e12


def calculate_token_cost(tokens: int, model: str) -> float:
    """Return the price of ``tokens`` in US dollars. Raises KeyError for a model without a price."""
    return tokens / 1000 * PRICE_OF_1000_TOKENS[model]


def analyze_costs(monthly_spend: Any) -> dict[str, float]:
    """Return what each kind of resource wastes in a month, in US dollars. Raises ValueError for what is no amount."""
    is_number = isinstance(monthly_spend, int | float) and not isinstance(monthly_spend, bool)
    if not is_number or not 0 <= monthly_spend <= _MOST:  # which no NaN is
        raise ValueError(f"monthly_spend is not an amount of US dollars between 0 and {_MOST:.0e}")
    return {kind: round(monthly_spend * _SPLIT[kind] * share, 2) for kind, share in _IDLE_SHARE.items()}
