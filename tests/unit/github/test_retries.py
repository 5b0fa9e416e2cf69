import httpx
import pytest

from ci_toolkit.github.retries import LONGEST_PAUSE, pause_before_retry

NOW = 1_000_000.0


def answered(status: int, text: str = "", **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/repos/a/b/check-runs")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.HTTPStatusError("", request=request, response=httpx.Response(status, text=text, headers=named))


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("slow"), True),
        (httpx.RemoteProtocolError("dropped"), True),
        (answered(500), True),
        (answered(502), True),
        (answered(429, retry_after="7"), 7.0),
        (answered(403, retry_after="7"), 7.0),
        (answered(429), 60.0),
        (answered(403, "You have exceeded a secondary rate limit."), 60.0),
        (answered(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 30)), 31.0),
        (answered(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) - 30)), 1.0),
        (answered(429, retry_after=str(int(LONGEST_PAUSE) + 1)), False),
        (answered(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), 60.0),
        (answered(403, "Resource not accessible by integration"), False),
        (answered(403, "Resource not accessible by integration", x_ratelimit_remaining="4000"), False),
        (answered(401), False),
        (answered(404), False),
        (answered(422), False),
        (ValueError("ours"), False),
    ],
    ids=str,
)
def test_github_is_asked_again_as_it_wants_to_be(error: Exception, pause: object) -> None:
    assert repr(pause_before_retry(error, NOW)) == repr(pause), "1.0 is a second, and True is for as long as it takes"
