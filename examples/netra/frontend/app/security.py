"""The headers that let the page do what it must, and nothing else."""

from frontend.app.settings import Settings


def headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every answer. No script but our files runs, and none may turn text into markup."""
    websocket = settings.backend_url.replace("http", "ws", 1)
    services = " ".join(filter(None, (settings.auth_url, settings.backend_url, websocket, settings.analytics_url)))
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self' {services}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
