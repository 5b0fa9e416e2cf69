"""What clients ask over HTTP: their threads, and whether the backend is well."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, status
from pydantic import AfterValidator, BaseModel, StringConstraints
from shared.access import Identity, current_user
from shared.errors import Refusal
from sqlalchemy.exc import SQLAlchemyError

from netra_backend.app.backend import Backend
from netra_backend.app.models import AgentRequest, Message, Thread
from netra_backend.app.text import storable

router = APIRouter()


class NewThread(BaseModel):
    """What a client says of a thread that it begins."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(storable)] = (
        "New conversation"
    )


def backend_of(request: Request) -> Backend:
    """Return the parts of the application that was asked."""
    backend: Backend = request.app.state.backend
    return backend


Parts = Annotated[Backend, Depends(backend_of)]
Caller = Annotated[Identity, Depends(current_user)]


@router.get("/health")
async def health(backend: Parts) -> dict[str, Any]:
    """Say how the backend is; 503 without PostgreSQL."""
    try:
        return await backend.health()
    except SQLAlchemyError:
        raise Refusal(503, "store_away", "PostgreSQL does not answer") from None


@router.get("/threads")
async def list_threads(backend: Parts, user: Caller) -> list[dict[str, Any]]:
    """Return the caller's newest threads."""
    return [_head(thread) for thread in await backend.conversations.threads_of(user.user_id)]


@router.post("/threads", status_code=status.HTTP_201_CREATED)
async def create_thread(backend: Parts, user: Caller, wanted: NewThread) -> dict[str, Any]:
    """Begin a thread."""
    return _head(await backend.conversations.create_thread(user.user_id, wanted.title))


@router.get("/threads/{thread_id}")
async def show_thread(backend: Parts, user: Caller, thread_id: str) -> dict[str, Any]:
    """Return one of the caller's threads, with its messages and what became of each request."""
    thread, requests = await backend.conversations.thread_of(user.user_id, storable(thread_id))
    return _head(thread) | {"messages": [_shown(one, requests.get(one.request_id or "")) for one in thread.messages]}


def _head(thread: Thread) -> dict[str, Any]:
    return {"id": thread.id, "title": thread.title, "created_at": thread.created_at.isoformat()}


def _shown(message: Message, request: AgentRequest | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": message.id,
        "role": message.role,
        "content": message.content,
        "created_at": message.created_at.isoformat(),
        "request_id": message.request_id,
    }
    if message.role == "agent" and request is not None:
        return shown | {"result": request.result}
    if message.role == "user" and request is not None:
        return shown | {"agent": request.agent, "state": request.state, "error": request.error}
    return shown
