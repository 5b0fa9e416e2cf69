"""The analytics service: takes events from the backend, and tells users what they used.

``python -m analytics_service.app.main``; addresses and secret come from the environment, see ``settings.py``.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, status
from shared.access import Identity, current_user
from shared.errors import Refusal, answer_errors
from shared.logs import log_as_json
from shared.page import let_page_ask

from analytics_service.app.buffer import EventBuffer
from analytics_service.app.clickhouse import ClickHouse, StoreError
from analytics_service.app.errors import answer_store_errors
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
    app.state.auth_secret = settings.auth_secret
    answer_errors(app)
    answer_store_errors(app)
    let_page_ask(app, settings.frontend_url, methods=["GET"], headers=["Authorization"])

    @app.get("/health")
    async def health() -> dict[str, Any]:
        await store.check()
        return {"status": "ok", "waiting": len(buffer)}

    @app.post("/events", status_code=status.HTTP_202_ACCEPTED)
    async def take(events: Events) -> dict[str, int]:
        buffer.add(events)
        return {"accepted": len(events)}

    @app.get("/usage/{user_id}")
    async def usage(user_id: str, user: Annotated[Identity, Depends(current_user)]) -> dict[str, Any]:
        if user_id != user.user_id:
            raise Refusal(403, "not_yours", "you may ask for your own usage only")
        await buffer.flush()  # whoever asks sees all that was accepted
        return await store.usage(user_id)

    return app


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.read(get_env())
    log_as_json(settings.secrets())
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
