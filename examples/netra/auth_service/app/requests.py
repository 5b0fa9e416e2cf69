"""What clients send, within limits. Passwords and tokens never show in ``repr``."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

MOST_BYTES: Final = 8 * 1024
"""Of a whole request."""
LONGEST_PASSWORD: Final = 200
"""Characters. Hashing takes longer for a longer one."""

_EMAIL: Final = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)*$"
"""One ``@`` with something on both sides. Whether mail arrives, only a mail can tell."""
_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"

Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=_EMAIL), AfterValidator(str.lower)
]
"""In lower case: ``Ann@Example.com`` and ``ann@example.com`` are one account."""


class Registration(BaseModel):
    """Somebody who wants an account."""

    email: Email
    password: SecretStr = Field(min_length=8, max_length=LONGEST_PASSWORD)
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=_ONE_LINE)] = ""
    subscription: Literal["free", "early", "mid", "enterprise"] = "free"


class Login(BaseModel):
    """Somebody who has an account."""

    email: Email
    password: SecretStr = Field(max_length=LONGEST_PASSWORD)


class Refresh(BaseModel):
    """Somebody who stays logged in."""

    refresh_token: SecretStr = Field(max_length=200)
