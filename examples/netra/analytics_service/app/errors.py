"""What is said when events cannot be taken, or ClickHouse does not answer."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from shared.errors import Refusal

from analytics_service.app.buffer import BufferFullError
from analytics_service.app.clickhouse import StoreError


def answer_store_errors(app: FastAPI) -> None:
    """Have ``app`` answer each of these so."""
    app.exception_handler(BufferFullError)(_busy)
    app.exception_handler(StoreError)(_away)


async def _busy(_: Request, error: BufferFullError) -> JSONResponse:
    response = Refusal(503, "buffer_full", f"{error}; send these again later").response()
    response.headers["Retry-After"] = "5"
    return response


async def _away(_: Request, error: StoreError) -> JSONResponse:
    return Refusal(503, "store_away", f"{error}; try again later").response()
