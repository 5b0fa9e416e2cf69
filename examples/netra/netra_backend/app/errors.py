"""Every error as JSON: a code for programs, and what to do for people."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

_LOG = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 (the backend works; what was asked is refused)
    """The backend does not do what was asked."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> JSONResponse:
        """Return it as HTTP says it."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None  # noqa: PLR2004
        return JSONResponse({"error": self.code, "message": self.message}, self.status, headers)


def store_away() -> Refusal:
    """Return what is said when PostgreSQL does not answer."""
    return Refusal(
        503, "store_away", "the database does not answer; send it again in a moment, under the same request_id"
    )


def answer_errors(app: FastAPI) -> None:
    """Have ``app`` answer each of its errors so."""
    app.exception_handler(Refusal)(_refused)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(SQLAlchemyError)(_away)


async def _refused(_: Request, error: Refusal) -> JSONResponse:
    return error.response()


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    return Refusal(error.status_code, "refused", str(error.detail)).response()


async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    # Where and why, and nothing of what was sent.
    wrong = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()[:5])
    return Refusal(422, "invalid", "; ".join(wrong)).response()


async def _away(_: Request, error: SQLAlchemyError) -> JSONResponse:
    _LOG.error("the database failed: %s", type(error).__name__)
    return store_away().response()
