"""The pytest plugin: silent until a ci-toolkit command asks for it."""
