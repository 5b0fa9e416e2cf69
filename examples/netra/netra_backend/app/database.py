"""How services reach PostgreSQL, and what they say when it does not answer."""

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from shared.errors import Refusal
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_LOG = logging.getLogger(__name__)
CONNECTIONS = 10
"""Of one process, at once."""
WAIT_SECONDS = 10
"""For a free connection, before a request is told that the database is busy."""

_DURABLE = "-c synchronous_commit=on"
"""What was answered for outlives a crash of the server, whatever the server's own default is."""


def driver_url(url: str) -> str:
    """Return ``url`` as SQLAlchemy spells it, with the driver."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}+psycopg{separator}{rest}"


def connect(url: str, *, service: str = "netra_backend") -> AsyncEngine:
    """Return a pool of connections. One that the server has closed is replaced when it is taken.

    PostgreSQL shows them under the name of ``service``.
    """
    return create_async_engine(
        driver_url(url),
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": service, "options": _DURABLE},
        hide_parameters=True,  # what users wrote stays out of errors and logs
    )


def store_away() -> Refusal:
    """Return what is said when PostgreSQL does not answer."""
    return Refusal(
        503, "store_away", "the database does not answer; send it again in a moment, under the same request_id"
    )


def answer_store_errors(app: FastAPI) -> None:
    """Have ``app`` say so, too, in answer to a request that PostgreSQL failed."""
    app.exception_handler(SQLAlchemyError)(_away)


async def _away(_: Request, error: SQLAlchemyError) -> JSONResponse:
    _LOG.error("the database failed: %s", type(error).__name__)
    return store_away().response()
