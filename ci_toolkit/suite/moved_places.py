"""Where a place of the checkout lies in the work tree of a trial."""

import os


def moved_place(place: str, checkout: str, tree: str) -> str | None:
    """Return where ``place``, which is absolute, lies in ``tree``; None where it does not lie in the ``checkout``.

    A link may lead into the checkout, and the work tree itself may lie there, where the folder of temporary files does.
    Both folders are absolute, without links.
    """
    real = os.path.realpath(place)
    if not is_in(real, checkout) or is_in(real, tree):
        return None
    return tree + real.removeprefix(checkout)


def is_in(place: str, folder: str) -> bool:
    """Return whether ``place`` is ``folder``, or lies below it."""
    return place == folder or place.startswith(f"{folder}{os.sep}")
