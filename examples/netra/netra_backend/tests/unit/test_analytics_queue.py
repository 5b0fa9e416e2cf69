"""
Test how analytics are sent

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Usage that is counted, at no cost for answers
- Value Impact: A slow or absent analytics service never slows an agent down, and losses are known
- Strategic Impact: Pricing
"""

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from ci_toolkit.test_framework.utilities import wait_for_condition
from netra_backend.app.analytics import Analytics, AnalyticsEvent
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.language_model import Answer


class AnalyticsServer:
    """Takes events as the analytics service does, with the HTTP status that a test chooses."""

    def __init__(self):
        self.status = 202
        self.batches = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.batches.append((self.path, body))
                self.send_response(server.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                """Print nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self):
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._http.shutdown()
        self._http.server_close()


def event(request_id="r1", answer=None):
    context = ExecutionContext(user_id="u1", thread_id="t1", request_id=request_id, agent="triage_agent", message="hi")
    return AnalyticsEvent.of(context, "agent_completed", began=0.0, answer=answer)


def names(batch):
    return [one["event_id"].split("/")[1] for one in batch]


async def test_events_are_sent_in_the_background_as_the_contract_says():
    with AnalyticsServer() as server:
        analytics = Analytics(server.url)
        sending = asyncio.create_task(analytics.keep_sending())
        analytics.add(event(answer=Answer(text="yes", model="gpt-4", tokens=1000)))
        await wait_for_condition(lambda: analytics.state() == {"waiting": 0, "lost": 0}, timeout=30, interval=0.01)
        sending.cancel()
        await analytics.close()
    path, [sent] = server.batches[0]
    assert path == "/events"
    assert set(sent) == {
        "event_id", "event", "user_id", "thread_id", "agent", "at", "duration_ms", "tokens", "usd",
    }
    assert (sent["event"], sent["user_id"], sent["tokens"], sent["usd"]) == ("agent_completed", "u1", 1000, 0.03)


async def test_a_full_queue_loses_the_oldest_and_counts_it():
    with AnalyticsServer() as server:
        analytics = Analytics(server.url, most_waiting=2)
        for request_id in ("r1", "r2", "r3"):
            analytics.add(event(request_id))
        assert analytics.state() == {"waiting": 2, "lost": 1}
        await analytics.close()
    assert [names(batch) for _, batch in server.batches] == [["r2", "r3"]]


@pytest.mark.parametrize(("status", "state"), [(503, {"waiting": 1, "lost": 0}), (422, {"waiting": 0, "lost": 1})])
async def test_what_a_service_cannot_take_now_waits_and_what_it_never_will_is_lost(status, state):
    with AnalyticsServer() as server:
        server.status = status
        analytics = Analytics(server.url)
        analytics.add(event())
        await analytics.close()
    assert analytics.state() == state


async def test_a_service_that_is_away_disturbs_nobody():
    analytics = Analytics("http://127.0.0.1:1")
    analytics.add(event())
    await analytics.close()
    assert analytics.state() == {"waiting": 1, "lost": 0}


async def test_without_an_address_nothing_is_kept_and_nothing_sent():
    analytics = Analytics("")
    analytics.add(event())
    await analytics.close()
    assert analytics.state() == {"waiting": 0, "lost": 0}
