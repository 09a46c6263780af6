"""Leave out of a comparison what a library's object computes when it is asked, and forgets without harm.

A value is handed over as its cell made it, and compared with what the notebook has when the next task begins. What
cells between the two merely read may have filled a cache by then.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import Any

from nb2dag.runtime.packages import package_of

Attributes = dict[str, Any]

_CACHED = {"cached_property", "CachedProperty", "CachedAttribute", "cache_readonly", "OneTimeProperty"}
"""Names of the descriptors that keep what they computed (functools, werkzeug, statsmodels, pandas, nibabel)."""

_CACHE = re.compile(r"_(\w*_)?cache")
"""Where a library keeps what it computed: pandas' and statsmodels' `cache_readonly` in `_cache`, statsmodels' results
of state space models in `_summary_statistics_cache`."""

_SCRATCH = {"statsmodels": frozenset({"_tmp_like_exog"}), "mlxtend": frozenset({"_init_time"})}
"""What differs in each run and means nothing: a buffer that is written before it is read (statsmodels' `GLM`), and
when a model began to learn (mlxtend's `_IterativeModel`)."""


def without_caches(kind: type, one: Attributes, other: Attributes) -> tuple[Attributes, Attributes]:
    """Return two objects' attributes without what only one of them has cached; `kind` is the type of both.

    Classes of a notebook may mean something by what they keep, so that nothing is left out of theirs.
    """
    if kind.__module__ == "__main__":
        return one, other
    scratch = _SCRATCH.get(package_of(kind), frozenset())
    apart = one.keys() ^ other.keys()
    gone = {name for name in apart if _CACHE.fullmatch(name) or _is_cached(kind, name)} | scratch
    left, right = ({name: value for name, value in state.items() if name not in gone} for state in (one, other))
    for name in filter(_CACHE.fullmatch, left):
        caches = left[name], right[name]
        if all(type(cache) is dict for cache in caches):
            left[name], right[name] = ({key: cache[key] for key in caches[0] if key in caches[1]} for cache in caches)
    return left, right


def _is_cached(kind: type, name: str) -> bool:
    member = inspect.getattr_static(kind, name, None)
    return isinstance(member, functools.cached_property) or type(member).__name__ in _CACHED
