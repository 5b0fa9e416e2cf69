import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # --import-mode=importlib leaves test folders off the path
sys.path.insert(0, str(Path(__file__).parent.parent / "services"))
sys.path.insert(0, str(Path(__file__).parent.parent / "test_framework"))

from docker_lab import docker
from services_lab import lab

__all__ = ["docker", "lab"]
