"""The nouns that travel between rooms, and their versioned JSON; touches nothing.

They are ``msgspec.Struct`` records, frozen and keyword-only: dataclasses in use, with a
typed JSON decoder written in C, which is what lets a merge read a million results in seconds.
"""
