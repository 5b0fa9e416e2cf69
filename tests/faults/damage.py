"""What can happen to bundles between a shard and the merge: each function damages the results folder at random."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

Damage = Callable[[Random, Path], str]
"""Damages the bundles below a folder and returns what it did, or ``""`` where there was nothing to damage."""


def _pick(random: Random, results: Path, pattern: str) -> Path | None:
    files = sorted(path for path in results.glob(pattern) if path.is_file())
    return random.choice(files) if files else None


def _change(random: Random, results: Path, what: str, change: Callable[[bytes], bytes], pattern: str) -> str:
    path = _pick(random, results, pattern)
    if path is None:
        return ""
    before = path.read_bytes()
    if not before:
        return ""
    path.write_bytes(change(before))
    return f"{what} of {path.relative_to(results)}"


def _any_file(random: Random) -> str:
    return random.choice(
        ("*/journal/*.jsonl", "*/journal/*.jsonl", "*/journal/*.jsonl", "*/shard.json", "*/coverage/**/.cov*")
    )


def flip_bit(random: Random, results: Path) -> str:
    def change(data: bytes) -> bytes:
        at = random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]

    return _change(random, results, "a bit", change, _any_file(random))


def odd_byte(random: Random, results: Path) -> str:
    def change(data: bytes) -> bytes:
        at = random.randrange(len(data))
        return data[:at] + random.choice((b"\r", b"\n", b"\0", b"\xff", b"{", b'"', b"\x1b")) + data[at + 1 :]

    return _change(random, results, "a byte", change, _any_file(random))


def truncate(random: Random, results: Path) -> str:
    return _change(random, results, "the end", lambda data: data[: random.randrange(len(data))], _any_file(random))


def _lines(random: Random, results: Path, what: str, change: Callable[[list[bytes]], list[bytes]]) -> str:
    return _change(
        random, results, what, lambda data: b"".join(change(data.splitlines(keepends=True))), "*/journal/*.jsonl"
    )


def drop_line(random: Random, results: Path) -> str:
    def change(lines: list[bytes]) -> list[bytes]:
        del lines[random.randrange(len(lines))]
        return lines

    return _lines(random, results, "a line", change)


def drop_failures(random: Random, results: Path) -> str:
    return _lines(random, results, "each failure", lambda lines: [line for line in lines if b'"failed"' not in line])


def repeat_line(random: Random, results: Path) -> str:
    def change(lines: list[bytes]) -> list[bytes]:
        at = random.randrange(len(lines))
        return [*lines[:at], lines[at], *lines[at:]]

    return _lines(random, results, "a line twice", change)


def swap_lines(random: Random, results: Path) -> str:
    def change(lines: list[bytes]) -> list[bytes]:
        random.shuffle(lines)
        return lines

    return _lines(random, results, "the order", change)


def pass_them_all(random: Random, results: Path) -> str:
    def change(data: bytes) -> bytes:
        return data.replace(b'"o":"failed"', b'"o":"passed"')

    return _change(random, results, "every failure turned", change, "*/journal/*.jsonl")


def foreign_line(random: Random, results: Path) -> str:
    line = random.choice((
        b'{"t":"start","i":99,"at":1}\n', b'{"t":"phase","i":0,"w":"call","o":"passed","s":1e308}\n', b"[" * 50_000 + b"\n",
        b'{"t":"opened"}\n', b'{"t":"start","i":0,"at":-1e300}\n', b"\0" * 4096 + b"\n", b'{"t":"closed","at":1,"exit_status":0}\n',
    ))  # fmt: skip

    def change(lines: list[bytes]) -> list[bytes]:
        at = random.randrange(len(lines) + 1)
        return [*lines[:at], line, *lines[at:]]

    return _lines(random, results, "a stranger's line", change)


def remove(random: Random, results: Path) -> str:
    path = _pick(random, results, _any_file(random))
    if path is None:
        return ""
    path.unlink()
    return f"the removal of {path.relative_to(results)}"


def swap_files(random: Random, results: Path) -> str:
    pattern = random.choice(("*/journal/1-main.jsonl", "*/shard.json"))
    files = sorted(results.glob(pattern))
    if len(files) < 2:
        return ""
    one, other = random.sample(files, 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return f"a swap of {one.relative_to(results)} and {other.relative_to(results)}"


def copy_file(random: Random, results: Path) -> str:
    files = sorted(results.glob("*/journal/*.jsonl"))
    if not files:
        return ""
    source = random.choice(files)
    target = source.with_name(random.choice(("2-main.jsonl", "1-gw7.jsonl", "1-supervisor.jsonl", "notes.txt")))
    shutil.copyfile(source, target)
    return f"a copy {target.relative_to(results)}"


def copy_bundle(random: Random, results: Path) -> str:
    bundles = sorted(path.parent for path in results.glob("*/shard.json"))
    if not bundles:
        return ""
    source = random.choice(bundles)
    shutil.copytree(source, results / "again" / source.name)
    return f"a second {source.name}"


def remove_bundle(random: Random, results: Path) -> str:
    bundles = sorted(path.parent for path in results.glob("*/shard.json"))
    if not bundles:
        return ""
    gone = random.choice(bundles)
    shutil.rmtree(gone)
    return f"the removal of {gone.name}"


def absurd_card(random: Random, results: Path) -> str:
    def change(data: bytes) -> bytes:
        old, new = random.choice((
            (b'"attempts": 1', b'"attempts": 1000000000'), (b'"state": "finished"', b'"state": "running"'),
            (b'"actual_seconds": ', b'"actual_seconds": 1e308'), (b'"schema": 2', b'"schema": 99'), (b'"index": ', b'"index": 9'),
            (b"{", b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b","),
        ))  # fmt: skip
        return data.replace(old, new, 1)

    return _change(random, results, "a card", change, "*/shard.json")


DAMAGES: tuple[Damage, ...] = (
    flip_bit, odd_byte, truncate, drop_line, drop_failures, repeat_line, swap_lines, pass_them_all, foreign_line, remove,
    swap_files, copy_file, copy_bundle, remove_bundle, absurd_card,
)  # fmt: skip
