"""The language model behind the agents, where one is configured."""

from ci_toolkit.isolated_environment import get_env


class NoLanguageModelError(Exception):
    """None is configured, or it did not answer."""


async def ask_language_model(question: str) -> str:
    env = get_env()
    key, model = env.get("CI_TOOLKIT_LLM_API_KEY"), env.get("CI_TOOLKIT_LLM_MODEL")
    if not key or not model:
        raise NoLanguageModelError("none is configured")
    from openai import AsyncOpenAI, OpenAIError  # noqa: PLC0415 (heavy: the backend starts without it)

    try:
        async with AsyncOpenAI(api_key=key, base_url=env.get("CI_TOOLKIT_LLM_BASE_URL"), timeout=30) as client:
            answer = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}])
    except OpenAIError as error:
        raise NoLanguageModelError(type(error).__name__) from error
    return answer.choices[0].message.content or ""
