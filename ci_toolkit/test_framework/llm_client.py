"""A real language model over the ``openai`` package: every call is counted, and the key shows nowhere."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.test_framework.llm_settings import LLMSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

Prompt = str | Sequence[Mapping[str, Any]]
"""What the user says, or a whole conversation in the protocol's own form."""


class RealLLMError(AssertionError):
    """The endpoint refused or could not be reached; the message holds no key."""


@dataclass(slots=True, kw_only=True)
class Usage:
    """What a test's calls used."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0
    """Calls whose answer stated no usage."""


class RealLLM:
    """The value of the fixture ``real_llm``."""

    def __init__(self, settings: LLMSettings) -> None:
        self.model = settings.model
        self.settings = settings
        self.usage = Usage()
        self._client = _client_maker(settings)
        """A client for each call: it belongs to the event loop of the call, and leaves no connection behind."""

    def __repr__(self) -> str:
        return f"<RealLLM {self.model} at {self._address} {self.usage}>"

    async def complete(self, prompt: Prompt, **parameters: Any) -> str:
        """Return the text of the answer to ``prompt``."""
        __tracebackhide__ = True
        return (await self.chat(prompt, **parameters)).choices[0].message.content or ""

    async def chat(self, prompt: Prompt, **parameters: Any) -> "ChatCompletion":
        """Return the whole answer, tool calls and all; ``parameters`` are the protocol's."""
        __tracebackhide__ = True
        try:
            async with self._client() as client:
                answer: ChatCompletion = await client.chat.completions.create(**self._request(prompt, parameters))
        except Exception as error:  # noqa: BLE001 (whatever it is, its text and frames may hold the key)
            failure = self._failure(error)
        else:
            self._count(answer.usage)
            return answer
        raise failure from None

    async def stream(self, prompt: Prompt, **parameters: Any) -> AsyncIterator[str]:
        """Yield the text of the answer piece by piece."""
        __tracebackhide__ = True
        request = self._request(prompt, parameters) | {"stream": True, "stream_options": {"include_usage": True}}
        usage = None
        try:
            async with self._client() as client, await client.chat.completions.create(**request) as chunks:
                async for chunk in chunks:
                    usage = chunk.usage or usage
                    if chunk.choices and chunk.choices[0].delta.content:
                        yield chunk.choices[0].delta.content
        except Exception as error:  # noqa: BLE001 (as in chat)
            failure = self._failure(error)
        else:
            self._count(usage)
            return
        raise failure from None

    @property
    def _address(self) -> str:
        return self.settings.base_url or "OpenAI"

    def _request(self, prompt: Prompt, parameters: Mapping[str, Any]) -> dict[str, Any]:
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [dict(one) for one in prompt]
        return {"model": self.model, "messages": messages, **parameters}

    def _count(self, usage: Any) -> None:
        self.usage.calls += 1
        if usage is None:
            self.usage.uncounted += 1
        else:
            self.usage.input_tokens += usage.prompt_tokens
            self.usage.output_tokens += usage.completion_tokens

    def _failure(self, error: Exception) -> RealLLMError:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        text = self.settings.api_key.masked(f"{type(error).__name__}: {error}{cause}")
        return RealLLMError(f"{self.model} at {self._address} did not answer: {text}")


def _client_maker(settings: LLMSettings) -> Callable[[], "AsyncOpenAI"]:
    try:
        from openai import AsyncOpenAI
    except ImportError as error:
        raise ConfigurationError(
            "a real language model needs the openai package", advice="pip install 'ci-toolkit[framework]'"
        ) from error
    return lambda: AsyncOpenAI(
        api_key=settings.api_key.reveal(), base_url=settings.base_url, timeout=60.0, max_retries=2
    )
