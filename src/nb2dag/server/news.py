"""Tell a panel only what it does not know yet: a keystroke seldom changes the graph or any cell's role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any


def news_of(document: Mapping[str, Any], known: object) -> dict[str, Any]:
    """Return the digest of each key of a document, and those keys with their values that are not in `known`.

    `known` holds the digests of an earlier answer, or anything else where there is none: nothing is kept here of what
    was answered before, so an answer that got lost, or a process that began anew, costs a whole document and no more.

    >>> first = news_of({"dag_id": "shop", "cells": []}, None)
    >>> sorted(first["changed"])
    ['cells', 'dag_id']
    >>> news_of({"dag_id": "shop", "cells": [1]}, first["digests"])["changed"]
    {'cells': [1]}
    """
    digests = {key: _digest(value) for key, value in document.items()}
    before = known if isinstance(known, Mapping) else {}
    return {
        "digests": digests,
        "changed": {key: value for key, value in document.items() if before.get(key) != digests[key]},
    }


def _digest(value: object) -> str:
    return blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
