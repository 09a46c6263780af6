"""What holds for every test."""

from __future__ import annotations

from importlib.util import find_spec

# The environments of the matrices have only what their tests need.
if find_spec("hypothesis") is not None:
    from hypothesis import settings

    # A test that runs beside others on a busy machine is not wrong because it is slow.
    settings.register_profile("nb2dag", deadline=None)
    settings.load_profile("nb2dag")
