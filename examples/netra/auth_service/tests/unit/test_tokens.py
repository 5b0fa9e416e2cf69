"""
Test tokens and settings

Business Value Justification (BVJ):
- Segment: All
- Business Goal: One login for every service
- Value Impact: Each service knows its user by a token that nobody can forge, and no log gives one away
- Strategic Impact: Security
"""

import jwt
import pytest
from auth_service.app.settings import Settings
from auth_service.app.tokens import TokenPair, digest_of, new_refresh_token, sign_access_token
from shared.access import identify
from shared.errors import Refusal
from netra_backend.app.models import User

SECRET = "a secret that is long enough for HS256"
ANN = User(id="u1", email="ann@example.com", subscription="mid")


def test_an_access_token_says_who_for_how_long_and_which_one_it_is():
    first, second = (jwt.decode(sign_access_token(ANN, SECRET, 60), SECRET, algorithms=["HS256"]) for _ in range(2))
    assert first["exp"] - first["iat"] == 60
    assert {name: first[name] for name in ("sub", "email", "subscription")} == {
        "sub": "u1",
        "email": "ann@example.com",
        "subscription": "mid",
    }
    assert first["jti"] != second["jti"]


def test_the_backend_takes_it_until_it_expires():
    assert identify(sign_access_token(ANN, SECRET, 60), SECRET).user_id == "u1"
    with pytest.raises(Refusal) as refusal:
        identify(sign_access_token(ANN, SECRET, -1), SECRET)
    assert refusal.value.code == "token_expired"


def test_refresh_tokens_are_random_and_stored_as_digests():
    tokens = {new_refresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43  # 256 bits
    assert all(token not in digest_of(token) for token in tokens)


def test_a_pair_shows_no_token():
    pair = TokenPair(user_id="u1", access_token="hush", refresh_token="hush", expires_in=60)
    assert "hush" not in repr(pair)
    assert pair.to_json()["token_type"] == "bearer"


def given(**changes):
    return Settings(
        **{"database_url": "postgresql://u:hush@h/d", "redis_url": "redis://:hush@h", "auth_secret": SECRET} | changes
    )


def test_settings_show_no_secret():
    assert "hush" not in repr(given())
    assert SECRET not in repr(given())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"auth_secret": "short"}, "AUTH_SECRET is shorter than 32 bytes"),
        ({"access_seconds": 0}, "ACCESS_SECONDS"),
        ({"refresh_seconds": -1}, "REFRESH_SECONDS"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused_at_the_start(changes, told):
    with pytest.raises(ValueError, match=told):
        given(**changes)
