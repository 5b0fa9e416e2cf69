"""The backend: users talk to agents, over REST and a WebSocket.

``python -m netra_backend.app.main``; addresses and secrets come from the environment, see ``settings.py``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from shared.body_limit import BodyLimit
from shared.errors import answer_errors
from shared.logs import log_as_json
from shared.page import let_page_ask

from ci_toolkit.isolated_environment import get_env
from netra_backend.app import rest, websocket
from netra_backend.app.backend import Backend
from netra_backend.app.database import answer_store_errors
from netra_backend.app.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Return the service. It connects when it starts, and lets running requests end before it stops."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        backend = app.state.backend = Backend(settings)
        await backend.start()
        yield
        await backend.stop()

    app = FastAPI(title="Netra backend", lifespan=life)
    app.add_middleware(BodyLimit, most=settings.limits.message_bytes)
    let_page_ask(app, settings.frontend_url, methods=["GET", "POST"], headers=["Authorization", "Content-Type"])
    app.state.auth_secret = settings.auth_secret
    answer_errors(app)
    answer_store_errors(app)
    app.include_router(rest.router)
    app.include_router(websocket.router)
    return app


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.read(get_env())
    log_as_json(settings.secrets())
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,  # of open connections; what they asked for has a limit of its own
        ws_max_size=settings.limits.message_bytes,
        ws_ping_interval=20,  # the heartbeat: who does not answer it in time has left
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    main()
