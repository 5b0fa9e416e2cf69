"""Pictures of the pages that a test has open in a browser, by the Playwright of its project; none is imported."""

import asyncio
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_APIS: Final = ("playwright.sync_api", "playwright.async_api")
_KINDS: Final = ("Page", "BrowserContext", "Browser")
MOST_PAGES: Final = 5
_SECONDS: Final = 5
"""For one picture: a page that hangs may be why the test failed."""


def open_pages(held: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Yield (name, page) of each open page among ``held``: what a test's fixtures gave it, and what these hold.

    A page, a context or a browser may be such a value itself, or an attribute of one, as where a fixture gives an
    object that drives a page.
    """
    apis = [api for api in map(sys.modules.get, _APIS) if api is not None]
    candidates = [(name, one) for name, value in held.items() for one in (value, *_attributes(value))] if apis else []
    seen: set[int] = set()
    for kind in _KINDS:  # a test's own page has the name of its fixture, though it is one of a browser's too
        for name, candidate in candidates:
            for page in (page for api in apis for page in _pages_of(candidate, getattr(api, kind))):
                if id(page) not in seen and not page.is_closed():
                    seen.add(id(page))
                    yield name, page


def picture_of(page: Any) -> bytes:
    """Return what ``page`` shows, as PNG. Raises Exception where the browser does not answer, or cannot be asked."""
    made: Any = page.screenshot(timeout=_SECONDS * 1000)
    if not inspect.iscoroutine(made):
        assert isinstance(made, bytes)
        return made
    loop = getattr(page, "_loop", None)  # the one that it was made on, which has no public name
    if not isinstance(loop, asyncio.AbstractEventLoop) or loop.is_running() or loop.is_closed():
        made.close()
        raise RuntimeError("its event loop takes no more work")
    picture: bytes = loop.run_until_complete(asyncio.wait_for(made, _SECONDS))
    return picture


def _attributes(value: object) -> Iterator[object]:
    if not isinstance(value, type) and not inspect.ismodule(value):
        yield from list(getattr(value, "__dict__", {}).values())


def _pages_of(value: object, kind: Any) -> Sequence[Any]:
    if not isinstance(value, kind):
        return ()
    held: Any = value
    if hasattr(held, "contexts"):
        return [page for context in held.contexts for page in context.pages]
    return held.pages if hasattr(held, "pages") else [held]
