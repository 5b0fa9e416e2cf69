"""What may differ in the text of one failure from run to run: each perturbation is a pair of texts of the same failure."""

import re
from collections.abc import Callable

import msgspec

from ci_toolkit.model.journal import Failure

Perturbation = Callable[[Failure], tuple[Failure, Failure]]
_CARETS = re.compile(r"\n[ |]*\^[\^~ ]*(?=\n)")
_LOCATION = re.compile(r"(?m)^([^\s:]+\.py):(\d+):")


def _noise(one: str, other: str) -> Perturbation:
    """Say the same failure with either of two texts behind its first line."""

    def perturb(failure: Failure) -> tuple[Failure, Failure]:
        first, mark, rest = failure.message.partition("\n")
        return (
            msgspec.structs.replace(failure, message=f"{first} ({one}){mark}{rest}"),
            msgspec.structs.replace(failure, message=f"{first} ({other}){mark}{rest}"),
        )

    return perturb


def _detail(change: Callable[[str], str]) -> Perturbation:
    return lambda failure: (failure, msgspec.structs.replace(failure, detail=change(failure.detail)))


PERTURBATIONS: dict[str, Perturbation] = {
    "addresses": _noise("<Thing object at 0x7f38752cb210>", "<Thing object at 0x5601aabbccdd>"),
    "process ids": _noise("pid 71", "pid 4194303"),
    "uuids": _noise("0d9f6a1e-33a1-4c6e-9a3b-2f6f2a1f0c11", "6b1d2c52-7a90-4f0e-8f3a-9d0a4b1c2d3e"),
    "times": _noise("at 2026-11-26T18:30:01.5", "at 2027-01-02 03:04:05+00:00"),
    "durations": _noise("took 0.3 s", "took 12 s"),
    "temporary paths": _noise("/tmp/pytest-of-ci/pytest-3/test_b0/x", "/tmp/pytest-of-me/pytest-77/test_b0/x"),
    "ports": _noise("localhost:5433", "localhost:61234"),
    "workers": _noise("gw0", "gw11"),
    "moved lines": _detail(lambda text: _LOCATION.sub(lambda found: f"{found[1]}:{int(found[2]) + 40}:", text)),
    "no carets": _detail(lambda text: _CARETS.sub("", text)),
    "other carets": _detail(lambda text: _CARETS.sub("\n            ~~~^^^^", text)),
    "another checkout": _detail(lambda text: _LOCATION.sub(r"/home/ci/another/checkout/\1:\2:", text)),
    "another Python": _detail(
        lambda text: re.sub(r"(?m)/python3\.\d+/(\w+\.py):\d+: in \w+", r"/python3.13/\1:1: in f", text)
    ),
    "colours": _detail(lambda text: re.sub(r"(?m)^(E  .*)$", "\x1b[1m\x1b[31m\\1\x1b[0m", text)),
}
