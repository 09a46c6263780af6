"""A real JupyterLab and a real Chromium, one each for all tests."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from support.lab import new_page, open_notebook, running_chromium, running_lab

KNOWN_FAULTS = ("ResizeObserver", "reading 'schema'", "'filebrowser:open-path' not registered")
"""What Notebook 7 and Chromium complain about without nb2dag, too."""

# Two cores may be shared with other tests.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    # Not for the session: Playwright's event loop would stand in the way of tests with loops of their own.
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def page(browser):
    opened = new_page(browser)
    yield opened
    faults = [fault for fault in opened.faults if not any(known in fault for known in KNOWN_FAULTS)]
    opened.context.close()
    assert not faults, faults


@pytest.fixture
def lab(page, server):
    """Return a function that opens a notebook and, unless told otherwise, the panel beside it."""
    return lambda name, **how: open_notebook(page, server, name, **how)
