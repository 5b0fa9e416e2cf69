"""Which page a browser lets ask a service (CORS)."""

import re
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def let_page_ask(app: FastAPI, page_url: str, *, methods: Sequence[str], headers: Sequence[str]) -> None:
    """Have ``app`` answer the page at ``page_url``, of which ``*`` as its port is any port, and no other page."""
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=re.escape(page_url).replace(r"\*", r"\d+"),
        allow_methods=methods,
        allow_headers=headers,
    )
