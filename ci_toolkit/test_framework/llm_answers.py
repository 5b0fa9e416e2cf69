"""What counts as an answer of a language model, and what to do where there is none. Pure: it looks at values only."""

from collections.abc import Sequence
from typing import Any, Final

from ci_toolkit.test_framework.llm_settings import API_KEY, BASE_URL, MODEL

_SHOWN: Final = 200
"""Characters of a stranger's text that a message quotes."""
CUT: Final = "The answer is not whole: look at the endpoint's log and at proxies with time limits, then run it again."
_NOT_THE_PROTOCOL: Final = f"No answer of the OpenAI protocol is like this: check {BASE_URL} (it often ends in /v1)."
_ADVICE: Final = {
    "AuthenticationError": f"The endpoint refuses the key: check {API_KEY}.",
    "PermissionDeniedError": f"The key may not do this: check {API_KEY} and the account's rights on the model.",
    "NotFoundError": f"Check {MODEL} and {BASE_URL} (it often ends in /v1).",
    "BadRequestError": f"The endpoint refuses the request: check {MODEL} and the parameters of the call.",
    "RateLimitError": "The account's limit is reached: wait, raise it, or run fewer of these tests at once.",
    "APITimeoutError": "It was too slow: look at the endpoint, or give the call timeout=SECONDS.",
    "APIConnectionError": f"Check {BASE_URL}, and whether something listens there.",
    "InternalServerError": "The endpoint itself failed: look at its log, or run the test again.",
    "TypeError": "Check the parameters of the call.",
    "TransportError": CUT,
    "AttributeError": _NOT_THE_PROTOCOL,
    "JSONDecodeError": _NOT_THE_PROTOCOL,
    "APIResponseValidationError": _NOT_THE_PROTOCOL,
}
_OTHERWISE: Final = "Look at the endpoint's log."


def advice_for(error: BaseException) -> str:
    """Return what to do about an error of the client's library."""
    return next((_ADVICE[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _ADVICE), _OTHERWISE)


def flaw_of_completion(answer: Any) -> tuple[str, str]:
    """Return why ``answer`` is no chat completion, and what to do; two empty texts where it is one."""
    if isinstance(answer, str):
        return f"status 200 with {excerpt(answer)} in place of a completion", _NOT_THE_PROTOCOL
    choices = getattr(answer, "choices", None)
    if not isinstance(choices, Sequence) or not choices:
        said = getattr(answer, "model_extra", None) or {}
        told = f" but {excerpt(str(said))}" if said else ""
        return f"status 200 without a choice{told}", _NOT_THE_PROTOCOL
    if not hasattr(getattr(choices[0], "message", None), "content"):
        return "its first choice has no message", _NOT_THE_PROTOCOL
    return "", ""


def flaw_of_text(text: str, *, reason: str | None, refusal: str | None, tools: Sequence[str]) -> tuple[str, str]:
    """Return why an answer holds no text, and what to do; two empty texts where it holds one.

    ``reason`` is the protocol's ``finish_reason``, ``tools`` the names of the tools that the model wants called.
    """
    if text:
        return "", ""
    if refusal:
        return f"it refused: {excerpt(refusal)}", "Change the prompt, or look at the refusal with chat()."
    if tools:
        return f"it wants {', '.join(tools)} called and says nothing", "Read tool calls with chat()."
    if reason == "length":
        return "the answer ended before its first word (finish_reason length)", "Raise max_tokens."
    return f"the answer is empty (finish_reason {reason})", _OTHERWISE


def flaw_of_stream(*, content_type: str, body: str) -> tuple[str, str]:
    """Return why a response to a streamed request is no stream, and what to do; two empty texts where it is one."""
    if content_type.partition(";")[0].strip().lower() == "text/event-stream":
        return "", ""
    got = content_type or "no content type"
    return f"status 200 with {got} in place of a stream: {excerpt(body)}", _NOT_THE_PROTOCOL


def excerpt(text: str) -> str:
    """Return the beginning of a stranger's text on one line, quoted."""
    shown = " ".join(text.split())
    return f"'{shown[:_SHOWN]}{'...' if len(shown) > _SHOWN else ''}'"
