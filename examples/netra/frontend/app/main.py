"""The frontend: serves the chat page, and tells it where the services are.

``python -m frontend.app.main``; the addresses come from the environment, see ``settings.py``.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from shared.logs import log_as_json

from ci_toolkit.isolated_environment import get_env
from frontend.app.security import headers
from frontend.app.settings import Settings

_PAGE = Path(__file__).parents[1] / "page"


def create_app(settings: Settings) -> FastAPI:
    """Return the server of the page."""
    app = FastAPI(title="Netra frontend", docs_url=None, redoc_url=None, openapi_url=None)
    safety = headers(settings)

    @app.middleware("http")
    async def make_safe(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await answer(request)
        response.headers.update(safety)
        return response

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/config.json")
    async def config() -> dict[str, str]:
        return {
            "auth_url": settings.auth_url,
            "backend_url": settings.backend_url,
            "analytics_url": settings.analytics_url,
        }

    app.mount("/", StaticFiles(directory=_PAGE, html=True))
    return app


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.read(get_env())
    log_as_json(())  # it knows no secret
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
