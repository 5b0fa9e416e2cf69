"""The language model, over any endpoint of the OpenAI protocol: a whole answer in time, or an error that says why."""

import asyncio
from dataclasses import dataclass
from typing import Final

import openai
from openai import AsyncOpenAI

from netra_backend.app.settings import ModelSettings
from netra_backend.app.text import storable

_MOST_CHARACTERS: Final = 20_000
"""Of one answer: nobody reads more."""
_NOT_WHOLE: Final = ("length", "content_filter")
"""Why a model ended that had more to say."""


class ModelError(Exception):
    """There is no usable answer. ``code`` is for programs, the message for people."""

    code = "llm_unavailable"


class NonsenseError(ModelError):
    """The model answered, and nobody can use what it said."""

    code = "llm_nonsense"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said, and which model that was."""

    text: str
    model: str
    """As the endpoint calls it; a scripted one says that it is."""
    tokens: int = 0
    """Sent and received, as the endpoint counts them; 0 where it does not."""

    @property
    def is_scripted(self) -> bool:
        """Whether a script answered in place of a model."""
        return "scripted" in self.model.lower()


class LanguageModel:
    """Asks the model. It holds connections and nothing of any user."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._client: AsyncOpenAI | None = None
        if settings.base_url:
            self._client = AsyncOpenAI(
                base_url=settings.base_url, api_key=settings.api_key, timeout=settings.seconds, max_retries=0
            )

    async def ask(self, question: str) -> Answer:
        """Return the whole answer. Raises ModelError where none comes in time, NonsenseError for what is no answer."""
        if self._client is None:
            raise ModelError("no language model is configured: set LLM_API_KEY, LLM_MODEL and LLM_BASE_URL")
        try:
            async with asyncio.timeout(self._settings.seconds):
                return await self._whole_answer(self._client, question)
        except (TimeoutError, openai.APITimeoutError):
            raise ModelError(f"the language model did not answer within {self._settings.seconds:g} s") from None
        except openai.APIStatusError as error:
            raise ModelError(f"the language model answered HTTP {error.status_code}") from None
        except openai.APIConnectionError:
            raise ModelError("the connection to the language model failed") from None
        except (
            openai.OpenAIError,
            ValueError,
            AttributeError,
            TypeError,
        ) as error:  # what no server of the protocol sends
            raise NonsenseError(f"what answered is no language model ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _whole_answer(self, client: AsyncOpenAI, question: str) -> Answer:
        completion = await client.chat.completions.create(
            model=self._settings.name, messages=[{"role": "user", "content": question}]
        )
        choice = completion.choices[0]
        if choice.finish_reason in _NOT_WHOLE:
            raise ModelError(f"the language model's answer was cut off ({choice.finish_reason})")
        text = storable(choice.message.content or "").strip()
        if not any(letter.isalpha() for letter in text):
            raise NonsenseError("the language model's answer holds no word")
        if len(text) > _MOST_CHARACTERS:
            raise NonsenseError(f"the language model's answer has more than {_MOST_CHARACTERS} characters")
        tokens = completion.usage.total_tokens if completion.usage else 0
        return Answer(text=text, model=completion.model or self._settings.name, tokens=tokens)
