"""Who asks: the user of a token that the auth service signed."""

from typing import Annotated

import jwt
from fastapi import Header, HTTPException, Request, status

_BEARER = "Bearer "


def user_of(token: str, secret: str) -> str:
    """Return the user id of a token. Raises jwt.InvalidTokenError where it is expired, forged or no token."""
    claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["sub", "exp"]})
    return str(claims["sub"])


def current_user(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    """Return who sent the request; 401 for a stranger."""
    if not authorization.startswith(_BEARER):
        raise _stranger("token_missing", "send your access token: Authorization: Bearer TOKEN")
    try:
        return user_of(authorization.removeprefix(_BEARER), request.app.state.settings.auth_secret)
    except jwt.ExpiredSignatureError:
        raise _stranger("token_expired", "get a new access token by POST /refresh of the auth service") from None
    except jwt.InvalidTokenError:
        raise _stranger("token_invalid", "log in again at the auth service") from None


def _stranger(code: str, message: str) -> HTTPException:
    return HTTPException(
        status.HTTP_401_UNAUTHORIZED, {"error": code, "message": message}, headers={"WWW-Authenticate": "Bearer"}
    )
