"""The analytics service: takes events from the backend, and tells users what they used.

``python -m analytics_service.app.main``; addresses and secret come from the environment, see ``settings.py``.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.middleware.cors import CORSMiddleware

from analytics_service.app.access import current_user
from analytics_service.app.buffer import EventBuffer
from analytics_service.app.clickhouse import ClickHouse, StoreError
from analytics_service.app.errors import answer_errors
from analytics_service.app.events import Events
from analytics_service.app.settings import Settings
from analytics_service.app.store import EventStore
from ci_toolkit.isolated_environment import get_env

_LOG = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Return the service; it connects when it starts, and stores what waits before it ends."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        with suppress(StoreError):  # /health says so, and the first write tries again
            await store.migrate()
        flushing = asyncio.create_task(buffer.keep_flushing())
        yield
        flushing.cancel()
        try:
            await buffer.flush()
        except StoreError as error:
            _LOG.error("%d events are lost: %s", len(buffer), error)
        await server.close()

    server = ClickHouse(settings.clickhouse_url)
    store = EventStore(server)
    buffer = EventBuffer(store)
    app = FastAPI(title="Netra analytics", lifespan=life)
    app.state.settings = settings
    answer_errors(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=re.escape(settings.frontend_url).replace(r"\*", r"\d+"),
        allow_methods=["GET"],
        allow_headers=["Authorization"],
    )

    @app.get("/health")
    async def health() -> dict[str, Any]:
        await store.check()
        return {"status": "ok", "waiting": len(buffer)}

    @app.post("/events", status_code=status.HTTP_202_ACCEPTED)
    async def take(events: Events) -> dict[str, int]:
        buffer.add(events)
        return {"accepted": len(events)}

    @app.get("/usage/{user_id}")
    async def usage(user_id: str, user: Annotated[str, Depends(current_user)]) -> dict[str, Any]:
        if user_id != user:
            wrong = {"error": "not_yours", "message": "you may ask for your own usage only"}
            raise HTTPException(status.HTTP_403_FORBIDDEN, wrong)
        await buffer.flush()  # whoever asks sees all that was accepted
        return await store.usage(user_id)

    return app


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.read(get_env())
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning")


if __name__ == "__main__":
    main()
