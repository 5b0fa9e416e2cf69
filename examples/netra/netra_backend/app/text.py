"""Text of strangers, made such that PostgreSQL can hold it."""


def storable(text: str) -> str:
    """Return ``text`` with a replacement character for each NUL, and a question mark for half of a surrogate pair."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
