"""A real language model over the ``openai`` package: every call is counted, and the key shows nowhere."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.masking import without_secrets
from ci_toolkit.model.wording import number_of
from ci_toolkit.test_framework.llm_answers import (
    CUT,
    advice_for,
    flaw_of_completion,
    flaw_of_stream,
    flaw_of_text,
)
from ci_toolkit.test_framework.llm_settings import LLMSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

Prompt = str | Sequence[Mapping[str, Any]]
"""What the user says, or a whole conversation in the protocol's own form."""
_BODY: Final = 4096
"""Bytes that are read of a response which is no stream."""


class RealLLMError(AssertionError):
    """The endpoint could not be reached, refused, or gave no whole answer; the message holds no key."""


@dataclass(slots=True, kw_only=True)
class Usage:
    """What a test's calls used. A call counts from its beginning, whatever becomes of it."""

    calls: int = 0
    failed: int = 0
    """Calls without a whole answer."""
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0
    """Calls whose tokens nobody stated: failed, abandoned, or answered without a word on it."""


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
        """Return the text of the answer to ``prompt``. Raises RealLLMError where there is no text."""
        __tracebackhide__ = True
        choice = (await self.chat(prompt, **parameters)).choices[0]
        message = choice.message
        text = message.content if isinstance(message.content, str) else ""
        tools = [getattr(getattr(call, "function", call), "name", "a tool") for call in message.tool_calls or ()]
        refusal = getattr(message, "refusal", None)
        flaw, advice = flaw_of_text(text, reason=choice.finish_reason, refusal=refusal, tools=tools)
        if flaw:
            raise self._no_answer(flaw, advice)
        return text

    async def chat(self, prompt: Prompt, **parameters: Any) -> "ChatCompletion":
        """Return the whole answer, tool calls and all; ``parameters`` are the protocol's.

        Raises RealLLMError where the endpoint gives none.
        """
        __tracebackhide__ = True
        if parameters.get("stream"):
            raise RealLLMError("chat() and complete() return whole answers. Leave out stream=, or use stream().")
        self._begin()
        try:
            async with self._client() as client:
                answer: ChatCompletion = await client.chat.completions.create(**self._request(prompt, parameters))
        except Exception as error:  # noqa: BLE001 (whatever it is, its text and frames may hold the key)
            failure = self._failure(error)
        else:
            self._count(getattr(answer, "usage", None))
            flaw, advice = flaw_of_completion(answer)
            if not flaw:
                return answer
            failure = self._no_answer(flaw, advice)
        raise failure from None

    async def stream(self, prompt: Prompt, **parameters: Any) -> AsyncIterator[str]:
        """Yield the text of the answer piece by piece. Raises RealLLMError at its end where it was not whole."""
        __tracebackhide__ = True
        request = self._request(prompt, parameters) | {"stream": True, "stream_options": {"include_usage": True}}
        seen = _Seen()
        usage = None
        self._begin()
        try:
            async with self._client() as client, await client.chat.completions.create(**request) as chunks:
                flaw, advice = await _flaw_of_response(chunks)
                if not flaw:
                    async for chunk in chunks:
                        usage = chunk.usage or usage
                        if piece := seen.piece(chunk):
                            yield piece
        except Exception as error:  # noqa: BLE001 (as in chat)
            failure = self._failure(error, after=seen.pieces)
        else:
            flaw, advice = (flaw, advice) if flaw else seen.flaw()
            if not flaw:
                return
            failure = self._no_answer(flaw, advice)
        finally:
            self._count(usage)  # of an abandoned stream too: some endpoints state the usage with every chunk
        raise failure from None

    @property
    def _address(self) -> str:
        return without_secrets(self.settings.base_url) if self.settings.base_url else "OpenAI"

    def _request(self, prompt: Prompt, parameters: Mapping[str, Any]) -> dict[str, Any]:
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [dict(one) for one in prompt]
        return {"model": self.model, "messages": messages, **parameters}

    def _begin(self) -> None:
        self.usage.calls += 1
        self.usage.uncounted += 1

    def _count(self, usage: Any) -> None:
        """Count what the endpoint states of a call that has begun; what is no number states nothing."""
        sent, received = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
        if isinstance(sent, int) and isinstance(received, int):
            self.usage.uncounted -= 1
            self.usage.input_tokens += sent
            self.usage.output_tokens += received

    def _failure(self, error: Exception, after: int = 0) -> RealLLMError:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        what = f"{type(error).__name__}: {error}{cause}"
        if after:
            return self._no_answer(f"{what}; after {number_of(after, 'piece')}", CUT)
        return self._no_answer(what, advice_for(error))

    def _no_answer(self, flaw: str, advice: str) -> RealLLMError:
        self.usage.failed += 1
        text = self.settings.api_key.masked(without_secrets(f"{flaw.rstrip('.')}. {advice}"))
        return RealLLMError(f"{self.model} at {self._address} did not answer: {text}")


class _Seen:
    """What of a stream has come: its pieces of text, and how it ended."""

    def __init__(self) -> None:
        self.pieces = 0
        self._reason: str | None = None
        self._refusal = ""
        self._tools: list[str] = []

    def piece(self, chunk: "ChatCompletionChunk") -> str:
        """Take in a chunk, and return the text that it adds to the first choice."""
        first = next((one for one in chunk.choices or () if not one.index), None)
        if first is None:
            return ""
        self._reason = first.finish_reason or self._reason
        delta: Any = first.delta  # typed as always there; some endpoints send null
        if delta is None:
            return ""
        self._refusal += delta.refusal or ""
        self._tools += [call.function.name for call in delta.tool_calls or () if call.function and call.function.name]
        self.pieces += bool(delta.content)
        return delta.content or ""

    def flaw(self) -> tuple[str, str]:
        """Return why the stream was no whole answer, and what to do; two empty texts where it was one."""
        if self._reason is None:
            return f"the stream ended after {number_of(self.pieces, 'piece')} without its end (no finish_reason)", CUT
        text = "some" if self.pieces else ""
        return flaw_of_text(text, reason=self._reason, refusal=self._refusal, tools=self._tools)


async def _flaw_of_response(chunks: "AsyncStream[ChatCompletionChunk]") -> tuple[str, str]:
    content_type = chunks.response.headers.get("content-type", "")
    if not flaw_of_stream(content_type=content_type, body="")[0]:
        return "", ""
    body = b""
    async for part in chunks.response.aiter_bytes():
        body += part
        if len(body) >= _BODY:
            break
    return flaw_of_stream(content_type=content_type, body=body[:_BODY].decode("utf-8", "replace"))


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
