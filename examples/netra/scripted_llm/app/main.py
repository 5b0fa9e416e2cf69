"""A scripted language model behind the OpenAI protocol. ``python -m scripted_llm.app.main``; port in ``PORT``.

It keeps nothing between two requests: what it does wrong on purpose, the request itself asks for (``script.py``).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.chat_protocol import Reply, chunks, completion, error, problem_of
from scripted_llm.app.script import MODEL, SLOW_SECONDS, Behaviour, answer_to, behaviour_of


def create_app() -> FastAPI:
    """Return the server."""
    app = FastAPI(title="Scripted language model")
    app.get("/health")(health)
    app.get("/v1/models")(models)
    app.post("/v1/chat/completions")(chat)
    return app


async def health() -> dict[str, str]:
    """Say that it is well, and what it is."""
    return {"status": "ok", "model": MODEL}


async def models() -> dict[str, Any]:
    """List the one model."""
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "a script"}]}


async def chat(request: Request) -> Response:
    """Answer a chat completion, streamed where the client asks for it."""
    body = await request.body()
    if problem := problem_of(body):
        return JSONResponse(error(problem), 400)
    asked = json.loads(body)
    behaviour = behaviour_of(asked)
    if behaviour is Behaviour.HANG:
        await asyncio.Event().wait()
    if behaviour is Behaviour.SLOW:
        await asyncio.sleep(SLOW_SECONDS)
    return misbehaving(behaviour, asked) or _reply(asked, answer_to(asked))


def misbehaving(behaviour: Behaviour, asked: dict[str, Any]) -> Response | None:
    """Return what is answered in place of an answer, ``None`` where nothing is."""
    match behaviour:
        case Behaviour.ERROR:
            return JSONResponse(error("scripted failure"), 500)
        case Behaviour.BUSY:
            return JSONResponse(error("scripted: too many requests"), 429)
        case Behaviour.PAGE:
            return HTMLResponse("<html><body>scripted: sign in to the proxy</body></html>")
        case Behaviour.NONSENSE:
            return _reply(asked, "0101 !? 4711")
        case Behaviour.CUT:
            return StreamingResponse(_cut(asked), media_type="application/json")
    return None


def _reply(asked: dict[str, Any], text: str) -> Response:
    reply = Reply(text=text)
    if asked.get("stream"):
        return StreamingResponse(_stream(asked, reply), media_type="text/event-stream")
    return JSONResponse(completion(MODEL, asked, reply))


async def _stream(asked: dict[str, Any], reply: Reply) -> AsyncIterator[str]:
    for chunk in chunks(MODEL, asked, reply):
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


async def _cut(asked: dict[str, Any]) -> AsyncIterator[str]:
    """Send the first half of an answer, then break the connection as a proxy does."""
    reply = Reply(text=answer_to(asked))
    pieces = [piece async for piece in _stream(asked, reply)] if asked.get("stream") else None
    whole = "".join(pieces) if pieces else json.dumps(completion(MODEL, asked, reply))
    yield whole[: len(whole) // 2]
    raise ConnectionAbortedError("scripted: the answer is cut")


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    env = get_env()
    host, port = env.get("HOST") or "127.0.0.1", int(env.get("PORT") or "8090")
    uvicorn.run(
        create_app(),
        host=host,
        port=port,
        log_level="critical",
        timeout_graceful_shutdown=1,  # who waits for an answer that never comes is not waited for
        server_header=False,
        headers=[("Server", MODEL)],  # reports show it as the server's version
    )


if __name__ == "__main__":
    main()
