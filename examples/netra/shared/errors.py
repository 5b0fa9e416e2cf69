"""Every error as JSON: a code for programs, and what to do for people."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Refusal(Exception):  # noqa: N818 (the service works; what was asked is refused)
    """A service does not do what was asked."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> JSONResponse:
        """Return it as HTTP says it."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None  # noqa: PLR2004
        return JSONResponse({"error": self.code, "message": self.message}, self.status, headers)


def answer_errors(app: FastAPI) -> None:
    """Have ``app`` answer each of its errors so."""
    app.exception_handler(Refusal)(_refused)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(RequestValidationError)(_invalid)


async def _refused(_: Request, error: Refusal) -> JSONResponse:
    return error.response()


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    response = Refusal(error.status_code, "refused", str(error.detail)).response()
    response.headers.update(error.headers or {})
    return response


async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    # Where and why, and nothing of what was sent.
    wrong = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()[:5])
    return Refusal(422, "invalid", "; ".join(wrong)).response()
