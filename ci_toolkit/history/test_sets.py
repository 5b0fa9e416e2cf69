"""Sets of tests as bit strings: bit n stands for the test with the number n. A suite takes some hundred bytes."""

import zlib
from collections.abc import Iterable, Iterator, Mapping

_LARGEST = 1 << 24
"""Bytes of an unpacked set: more tests than any history numbers."""


class UnreadableError(Exception):
    """A value in the file is not what was written."""


class TestSet:
    """Numbers of tests."""

    __test__ = False  # not for pytest, whatever the name
    __slots__ = ("bits",)

    def __init__(self, bits: bytes = b"") -> None:
        self.bits = bits

    @classmethod
    def of(cls, numbers: Iterable[int]) -> "TestSet":
        """Return the set of ``numbers``."""
        wanted = list(numbers)
        bits = bytearray(max(wanted, default=-1) // 8 + 1)
        for number in wanted:
            bits[number >> 3] |= 1 << (number & 7)
        return cls(bytes(bits))

    @classmethod
    def unpacked(cls, data: bytes) -> "TestSet":
        """Return what ``packed`` wrote. Raises UnreadableError for anything else."""
        inflater = zlib.decompressobj()
        try:
            bits = inflater.decompress(data, _LARGEST)
        except zlib.error as error:
            raise UnreadableError(f"a set of tests cannot be read: {error}") from error
        if not inflater.eof:
            raise UnreadableError("a set of tests is cut short, or far too large")
        return cls(bits)

    def packed(self) -> bytes:
        """Return the set in few bytes."""
        return zlib.compress(self.bits)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self.bits) and bool(self.bits[place] >> (number & 7) & 1)

    def has_any(self, first: int, end: int) -> bool:
        """Return whether a number from ``first`` up to ``end`` is in the set, which itself is not."""
        bits = int.from_bytes(self.bits[first >> 3 : (end + 7) >> 3], "little") >> (first & 7)
        return bool(bits & ((1 << (end - first)) - 1))

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self.bits):
            if byte:
                yield from (place * 8 + bit for bit in range(8) if byte >> bit & 1)

    def __or__(self, other: "TestSet") -> "TestSet":
        longer, shorter = sorted((self.bits, other.bits), key=len, reverse=True)
        union = int.from_bytes(longer, "little") | int.from_bytes(shorter, "little")
        return TestSet(union.to_bytes(len(longer), "little"))


class AskedTests:
    """The tests that somebody asks about, in set after set."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._names = {number: name for name, number in numbers.items()}
        self._every = frozenset(numbers)
        self._bits = int.from_bytes(TestSet.of(numbers.values()).bits, "little")

    def among(self, tests: TestSet) -> frozenset[str]:
        """Return the names of those that are in ``tests``: quick where nearly all are."""
        missing = self._bits & ~int.from_bytes(tests.bits, "little")
        bits = TestSet(missing.to_bytes(-(-missing.bit_length() // 8), "little"))
        return self._every - {self._names[number] for number in bits}
