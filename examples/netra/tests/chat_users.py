"""Users of whole-system tests: who they are, what they ask, and what they were told."""

from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient
from netra_backend.app.models import User
from netra_backend.testing import access_token

ENDS = ("agent_completed", "error")
SECONDS = 60
"""For whatever a busy machine is asked at once."""


async def create_users(db, number):
    """Return so many new users, stored in one transaction."""
    users = [User(email=f"user-{index}@example.com") for index in range(number)]
    db.add_all(users)
    await db.commit()
    return users


class ChatUser:
    """One user at one backend: a WebSocket, and what is stored over HTTP."""

    def __init__(self, user, backend_url, *, token=""):
        self.id = user.id
        self.token = token or access_token(user)
        self._backend_url = backend_url

    def connect(self):
        """Return a connection, for ``async with``."""
        return WebSocketTestClient(token=self.token, base_url=self._backend_url, timeout=SECONDS)

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    async def threads(self, http):
        """Return the ids of what is stored as the user's."""
        answer = await http.get(f"{self._backend_url}/threads", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return {thread["id"] for thread in answer.json()}

    async def messages(self, http, thread_id):
        """Return the messages of a thread: who said what."""
        answer = await http.get(f"{self._backend_url}/threads/{thread_id}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"]


async def ask(client, message, *, agent="cost_optimizer", **fields):
    """Ask, and return every event up to the end of the answer."""
    await client.send_json({"type": "agent_request", "agent": agent, "message": message} | fields)
    return await events_to_the_end(client)


async def events_to_the_end(client, *, of=1):
    """Return every message until so many requests have ended."""
    events, ended = [], 0
    while ended < of:
        events.append(await client.receive_json())
        ended += events[-1]["type"] in ENDS
    return events


async def is_silent(client):
    """Whether nothing is left to come: messages come in order, so the answer to a ping would come after it."""
    await client.send_json({"type": "ping"})
    return (await client.receive_json())["type"] == "pong"
