"""What things cost, and what of it can be saved."""

PRICE_OF_1000_TOKENS = {"gpt-4": 0.03, "gpt-3.5-turbo": 0.002}
IDLE_SHARE = {"compute": 0.25, "storage": 0.4, "network": 0.1}
SPLIT = {"compute": 0.6, "storage": 0.3, "network": 0.1}


def calculate_token_cost(tokens: int, model: str) -> float:
    return tokens / 1000 * PRICE_OF_1000_TOKENS[model]


def analyze_costs(monthly_spend: float) -> dict[str, float]:
    """Return what each kind of resource wastes in a month."""
    return {kind: round(monthly_spend * SPLIT[kind] * share, 2) for kind, share in IDLE_SHARE.items()}
