"""Load the extension into an IPython shell, and take it out again."""

from __future__ import annotations

from typing import Any

from nb2dag.magics.preview import register_preview, unregister_preview
from nb2dag.magics.registered import register, unregister
from nb2dag.magics.transformer import TagTransformer


def load_ipython_extension(shell: Any) -> None:
    """Make tagged cells run as untagged ones do in `shell` (`%load_ext nb2dag`); loading twice changes nothing."""
    if any(isinstance(transformer, TagTransformer) for transformer in shell.input_transformers_cleanup):
        return
    # First of all, so that it sees the lines as the user typed them and an error names the right one.
    shell.input_transformers_cleanup.insert(0, TagTransformer())
    register(shell)
    register_preview(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take back what `load_ipython_extension` did (`%unload_ext nb2dag`)."""
    transformers = shell.input_transformers_cleanup
    transformers[:] = [transformer for transformer in transformers if not isinstance(transformer, TagTransformer)]
    unregister(shell)
    unregister_preview(shell)
