"""A small application of services that depend on each other, and the project that has it."""

import sys

from isolation_project import PYPROJECT, Project

SERVER = """
import json, os, signal, sys, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

name = sys.argv[1]
for other in sys.argv[2:]:  # what it depends on has to answer before it starts
    urllib.request.urlopen(os.environ[other], timeout=60).close()

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"name": name, "pid": os.getpid(), **os.environ}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def ended(*_):
    print(f"{name} ends in order", flush=True)
    os._exit(0)

signal.signal(signal.SIGTERM, ended)
print(f"{name} knows {os.environ.get('AUTH_SECRET')}", flush=True)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
ROWS = f"""
[tool.ci-toolkit.services.frontend]
command = ['{sys.executable}', 'server.py', 'frontend', 'BACKEND_URL']
depends-on = ["backend"]
[tool.ci-toolkit.services.backend]
command = ['{sys.executable}', 'server.py', 'backend', 'AUTH_URL', 'SCRIPTED_LLM_URL']
path = "/health"
depends-on = ["postgresql", "redis", "auth", "scripted_llm"]
variables = {{ LLM_BASE_URL = "{{scripted_llm_url}}/v1", PAGE = "{{frontend_url}}" }}
knows = ["frontend"]
[tool.ci-toolkit.services.auth]
command = ['{sys.executable}', 'server.py', 'auth']
variables = {{ AUTH_SECRET = "a-fixed-secret" }}
depends-on = ["postgresql"]
[tool.ci-toolkit.services.scripted_llm]
protocol = "http"
port = 8090
command = ['{sys.executable}', 'server.py', 'scripted_llm']
depends-on = []
"""


def with_services(project: Project, more: str = "") -> None:
    """Give ``project`` the application."""
    project.write("pyproject.toml", PYPROJECT + ROWS + more)
    project.write("server.py", SERVER)
    project.write(
        "asking.py",
        "import json, urllib.request\n\n\ndef ask(url):\n    with urllib.request.urlopen(url, timeout=60) as answer:\n        return json.load(answer)\n",
    )
