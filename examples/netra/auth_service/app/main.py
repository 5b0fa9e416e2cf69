"""The auth service: accounts, logins and tokens.

``python -m auth_service.app.main``; addresses and secrets come from the environment, see ``settings.py``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, status
from netra_backend.app.database import answer_store_errors
from shared.body_limit import BodyLimit
from shared.errors import answer_errors
from shared.logs import log_as_json
from shared.page import let_page_ask

from auth_service.app.requests import MOST_BYTES, Login, Refresh, Registration
from auth_service.app.service import AuthService
from auth_service.app.settings import Settings
from ci_toolkit.isolated_environment import get_env


def create_app(settings: Settings) -> FastAPI:
    """Return the service. It connects when it is first asked, and closes its connections when it stops."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await service.close()

    service = AuthService(settings)
    app = FastAPI(title="Netra auth", lifespan=life)
    app.add_middleware(BodyLimit, most=MOST_BYTES)
    let_page_ask(app, settings.frontend_url, methods=["POST"], headers=["Content-Type"])
    answer_errors(app)
    answer_store_errors(app)

    @app.get("/health")
    async def health() -> dict[str, str]:
        await service.check()
        return {"status": "ok"}

    @app.post("/register", status_code=status.HTTP_201_CREATED)
    async def register(wanted: Registration, request: Request) -> dict[str, Any]:
        return (await service.register(wanted, address_of(request))).to_json()

    @app.post("/login")
    async def log_in(login: Login, request: Request) -> dict[str, Any]:
        return (await service.log_in(login, address_of(request))).to_json()

    @app.post("/refresh")
    async def refresh(asked: Refresh) -> dict[str, Any]:
        return (await service.refresh(asked)).to_json()

    return app


def address_of(request: Request) -> str:
    """Return who asks, as the connection says; empty where it does not."""
    return request.client.host if request.client else ""


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.read(get_env())
    log_as_json(settings.secrets())
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
