"""Who asks: the user of a token that the auth service signed."""

from dataclasses import dataclass
from typing import Annotated

import jwt
from fastapi import Header, Request

from shared.errors import Refusal

_BEARER = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user, as a valid token names them."""

    user_id: str
    subscription: str
    expires_at: float
    """Seconds since 1970."""


def identify(token: str, secret: str) -> Identity:
    """Return whose token it is. Raises Refusal (401) where it is missing, expired, forged or no token."""
    if not token:
        raise Refusal(401, "token_missing", "send your access token: Authorization: Bearer TOKEN")
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["sub", "exp"]})
    except jwt.ExpiredSignatureError:
        raise Refusal(401, "token_expired", "get a new access token by POST /refresh of the auth service") from None
    except jwt.InvalidTokenError:
        raise Refusal(401, "token_invalid", "log in again at the auth service") from None
    return Identity(
        user_id=claims["sub"], subscription=str(claims.get("subscription", "free")), expires_at=float(claims["exp"])
    )


def bearer_of(authorization: str) -> str:
    """Return the token of an ``Authorization`` header, ``""`` where it has none."""
    return authorization.removeprefix(_BEARER) if authorization.startswith(_BEARER) else ""


def current_user(request: Request, authorization: Annotated[str, Header()] = "") -> Identity:
    """Return who sent the request to a service with ``app.state.auth_secret``. Raises Refusal (401) for a stranger."""
    return identify(bearer_of(authorization), request.app.state.auth_secret)
