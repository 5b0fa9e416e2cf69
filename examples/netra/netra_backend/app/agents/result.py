"""What an agent found, or why it found nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netra_backend.app.language_model import Answer


class AgentError(Exception):
    """There is no answer, and the user is told why by ``code`` and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class AgentResult:
    """What an agent found."""

    summary: str
    recommendations: Sequence[str] = ()
    potential_savings: float = 0.0
    """US dollars a month."""
    answer: Answer | None = None
    """What the language model said; ``None`` where rules answered in its place."""

    def contains_actionable_insights(self) -> bool:
        """Whether there is something to do."""
        return bool(self.recommendations)

    def to_json(self) -> dict[str, Any]:
        """Return it as clients get it; it says who answered: a model, a script or rules."""
        model = {"name": self.answer.model, "is_scripted": self.answer.is_scripted} if self.answer else None
        return {
            "summary": self.summary,
            "recommendations": list(self.recommendations),
            "potential_savings": {"monthly_amount": self.potential_savings, "currency": "USD"},
            "cost_savings": {"amount": self.potential_savings, "currency": "USD"},
            "answered_by": "language_model" if self.answer else "rules",
            "language_model": model,
        }
