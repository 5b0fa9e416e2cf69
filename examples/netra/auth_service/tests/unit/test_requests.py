"""
Test what the auth service takes

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Accounts that work, and a service that nobody overwhelms
- Value Impact: Users learn at once what is wrong with their input; strangers cannot make the service work for nothing
- Strategic Impact: Security
"""

import pytest
from auth_service.app.requests import Login, Refresh, Registration
from pydantic import ValidationError

GOOD = {"email": "ann@example.com", "password": "correct horse"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.O'Hara+x@Example.COM ", "ann.o'hara+x@example.com"),
        ("ann@localhost", "ann@localhost"),
        ("名前@例え.jp", "名前@例え.jp"),
    ],
)
def test_an_email_is_kept_in_one_spelling(given, kept):
    assert Registration(**GOOD | {"email": given}).email == kept
    assert Login(**GOOD | {"email": given}).email == kept


@pytest.mark.parametrize(
    "change",
    [
        {"email": ""},
        {"email": "ann"},
        {"email": "@example.com"},
        {"email": "ann@"},
        {"email": "ann@example..com"},
        {"email": "ann@@example.com"},
        {"email": "ann @example.com"},
        {"email": "ann\x00@example.com"},
        {"email": "ann@example.com\nBcc: all@example.com"},
        {"email": "a" * 250 + "@example.com"},
        {"email": None},
        {"email": ["ann@example.com"]},
        {"password": "short"},
        {"password": "x" * 201},
        {"password": 12345678},
        {"name": "x" * 101},
        {"name": "Ann\x00"},
        {"name": "Ann\ud800"},
        {"subscription": "root"},
    ],
    ids=str,
)
def test_what_cannot_be_an_account_is_refused(change):
    with pytest.raises(ValidationError):
        Registration(**GOOD | change)


@pytest.mark.parametrize(
    "sent",
    [Registration(**GOOD), Login(**GOOD), Refresh(refresh_token="correct horse")],
    ids=lambda sent: type(sent).__name__,
)
def test_no_secret_shows(sent):
    assert "correct horse" not in f"{sent!r} {sent} {sent.model_dump()}"
