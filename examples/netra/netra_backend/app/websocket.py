"""The door of the WebSocket: who may come in."""

from fastapi import APIRouter
from shared.access import bearer_of, identify
from shared.errors import Refusal
from starlette.websockets import WebSocket

from netra_backend.app.backend import Backend
from netra_backend.app.connection import TOKEN_REFUSED, Connection

router = APIRouter()
_SUBPROTOCOL = "netra"
_TOKEN = "bearer."  # noqa: S105 (the word before a token)


@router.websocket("/ws")
async def talk(websocket: WebSocket) -> None:
    """Serve a client that shows its token as a header or, from a browser, as a subprotocol ``bearer.TOKEN``."""
    backend: Backend = websocket.app.state.backend
    offered = websocket.scope.get("subprotocols") or []
    token = bearer_of(websocket.headers.get("authorization", ""))
    token = token or next((word.removeprefix(_TOKEN) for word in offered if word.startswith(_TOKEN)), "")
    subprotocol = _SUBPROTOCOL if _SUBPROTOCOL in offered else None
    try:
        identity = identify(token, backend.settings.auth_secret)
    except Refusal as refusal:
        await _turn_away(websocket, refusal, subprotocol)
        return
    await websocket.accept(subprotocol)
    await Connection(websocket, identity, backend.runner, backend.tasks, backend.settings.limits).serve()


async def _turn_away(websocket: WebSocket, refusal: Refusal, subprotocol: str | None) -> None:
    """Refuse with HTTP 401; a browser, which shows no script why a handshake failed, is let in to be told."""
    if subprotocol is None:
        await websocket.send_denial_response(refusal.response())
        return
    await websocket.accept(subprotocol)
    await websocket.send_json({"type": "error", "code": refusal.code, "message": refusal.message})
    await websocket.close(TOKEN_REFUSED, refusal.code)
