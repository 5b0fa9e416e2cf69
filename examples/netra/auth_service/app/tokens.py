"""The two tokens of a login: one that every service can read, and one that only this service knows."""

import hashlib
import time
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

import jwt
from netra_backend.app.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What a client gets; ``repr`` shows no token."""

    user_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    """Seconds, of the access token."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the clients read it (RFC 6749, 5.1)."""
        return {
            "user_id": self.user_id,
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "token_type": "bearer",
            "expires_in": self.expires_in,
        }


def sign_access_token(user: User, secret: str, seconds: int) -> str:
    """Return a token that says who ``user`` is, valid for ``seconds`` from now."""
    now = int(time.time())
    claims = {
        "sub": user.id,
        "email": user.email,
        "subscription": user.subscription,
        "iat": now,
        "exp": now + seconds,
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, secret, "HS256")


def new_refresh_token() -> str:
    """Return 256 random bits, as text."""
    return token_urlsafe(32)


def digest_of(refresh_token: str) -> str:
    """Return what is stored of a refresh token. It is random already, so that a plain SHA-256 cannot be guessed."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()
