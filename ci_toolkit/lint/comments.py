"""The comments of a source, told apart from text that only looks like one."""

import io
import tokenize


def comments_of(source: bytes) -> dict[int, str]:
    """Return line number to comment, ``#`` included. A source that the tokenizer refuses gives what came before."""
    found: dict[int, str] = {}
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string
    except (tokenize.TokenError, SyntaxError):
        pass  # ast accepted the source; what it cannot tokenize after all (a form feed, say) holds no waiver
    return found
