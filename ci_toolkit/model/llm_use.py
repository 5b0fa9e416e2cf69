"""What tests used of real language models, as ``llm_properties`` of their reports say it."""

from ci_toolkit.model.record import Record


class LlmUse(Record, frozen=True, kw_only=True):
    """What the run's tests used of language models, as their fixture recorded it."""

    models: tuple[str, ...] = ()
    """Their names, sorted; a scripted one says by its name that it is."""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    """US dollars; None where no price is set."""
