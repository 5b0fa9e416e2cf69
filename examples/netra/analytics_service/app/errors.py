"""Every error as JSON: a code for programs, and what to do for people."""

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from analytics_service.app.buffer import BufferFullError
from analytics_service.app.clickhouse import StoreError


def answer_errors(app: FastAPI) -> None:
    """Have ``app`` answer each of its errors so."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(BufferFullError, _busy)
    app.add_exception_handler(StoreError, _away)


def _answer(code: int, error: str, message: str, **headers: str) -> JSONResponse:
    return JSONResponse({"error": error, "message": message}, code, headers)


async def _refused(_: Request, error: HTTPException) -> JSONResponse:
    body = error.detail if isinstance(error.detail, dict) else {"error": "refused", "message": str(error.detail)}
    return JSONResponse(body, error.status_code, error.headers)


async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    # Where and why, and nothing of what was sent.
    wrong = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()[:5])
    return _answer(status.HTTP_422_UNPROCESSABLE_CONTENT, "invalid", "; ".join(wrong))


async def _busy(_: Request, error: BufferFullError) -> JSONResponse:
    return _answer(
        status.HTTP_503_SERVICE_UNAVAILABLE, "buffer_full", f"{error}; send these again later", **{"Retry-After": "5"}
    )


async def _away(_: Request, error: StoreError) -> JSONResponse:
    return _answer(status.HTTP_503_SERVICE_UNAVAILABLE, "store_away", f"{error}; try again later")
