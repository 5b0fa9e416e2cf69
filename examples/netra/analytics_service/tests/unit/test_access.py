"""
Test who may ask for usage

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Privacy
- Value Impact: Nobody reads another user's usage with a token that is old, forged or somebody else's
- Strategic Impact: Trust
"""

import jwt
import pytest
from analytics_service.app.clickhouse import text
from shared.access import identify
from shared.errors import Refusal

SECRET = "a secret that is long enough for HS256"
FAR = 4_000_000_000


def test_a_token_names_its_user():
    assert identify(jwt.encode({"sub": "u1", "exp": FAR}, SECRET, "HS256"), SECRET).user_id == "u1"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "no token",
        jwt.encode({"sub": "u1", "exp": 1}, SECRET, "HS256"),
        jwt.encode({"sub": "u1"}, SECRET, "HS256"),
        jwt.encode({"exp": FAR}, SECRET, "HS256"),
        jwt.encode({"sub": "u1", "exp": FAR}, "another secret, just as long as ours", "HS256"),
        jwt.encode({"sub": "u1", "exp": FAR}, None, "none"),
    ],
    ids=["empty", "nonsense", "expired", "eternal", "nobody's", "forged", "unsigned"],
)
def test_a_stranger_is_nobody(token):
    with pytest.raises(Refusal) as refused:
        identify(token, SECRET)
    assert refused.value.status == 401


def test_a_name_in_sql_stays_a_name():
    assert text("o'clock \\") == r"'o\'clock \\'"
