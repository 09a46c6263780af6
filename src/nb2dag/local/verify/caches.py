"""Leave out of a comparison what a library's object computes when it is asked, and forgets without harm.

A value is handed over as its cell made it, and compared with what the notebook has when the next task begins. What
cells between the two merely read may have filled a cache by then.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

Attributes = dict[str, Any]

_CACHED = {"cached_property", "CachedProperty", "CachedAttribute", "cache_readonly", "OneTimeProperty"}
"""Names of the descriptors that keep what they computed (functools, werkzeug, statsmodels, pandas, nibabel)."""

_CACHE = "_cache"
"""Where pandas' and statsmodels' `cache_readonly` keeps what it computed."""

_SCRATCH = {"statsmodels": frozenset({"_tmp_like_exog"}), "mlxtend": frozenset({"_init_time"})}
"""What differs in each run and means nothing: a buffer that is written before it is read (statsmodels' `GLM`), and
when a model began to learn (mlxtend's `_IterativeModel`)."""


def without_caches(kind: type, one: Attributes, other: Attributes) -> tuple[Attributes, Attributes]:
    """Return two objects' attributes without what only one of them has cached; `kind` is the type of both.

    Classes of a notebook may mean something by what they keep, so that nothing is left out of theirs.
    """
    if kind.__module__ == "__main__":
        return one, other
    scratch = _SCRATCH.get(kind.__module__.partition(".")[0], frozenset())
    gone = {name for name in one.keys() ^ other.keys() if name == _CACHE or _is_cached(kind, name)} | scratch
    left, right = ({name: value for name, value in state.items() if name not in gone} for state in (one, other))
    caches = left.get(_CACHE), right.get(_CACHE)
    if all(type(cache) is dict for cache in caches):
        known = caches[0].keys() & caches[1].keys()  # type: ignore[union-attr]
        left[_CACHE], right[_CACHE] = ({name: cache[name] for name in known} for cache in caches)  # type: ignore[index]
    return left, right


def _is_cached(kind: type, name: str) -> bool:
    member = inspect.getattr_static(kind, name, None)
    return isinstance(member, functools.cached_property) or type(member).__name__ in _CACHED
