"""A small HTTP client of the backend."""

from http.client import HTTPConnection


class HttpClient:
    """Talks to ``host:port``."""

    def __init__(self, address):
        self.address = address

    def is_ready(self):
        """Whether the backend says that it and what it needs are well."""
        connection = HTTPConnection(self.address, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
