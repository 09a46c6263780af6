"""Reduce what stands behind a formula of patsy and statsmodels to its attributes, as these libraries do not.

patsy forbids to pickle its objects, though they keep texts, arrays and the names that the formula uses. statsmodels
leaves them out and works the formula out again, in whatever frames of the stack happen to be there: without the names.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Callable
from typing import Any

from nb2dag.runtime.packages import package_of
from nb2dag.runtime.remade import Reduced

_DATA = "statsmodels.base.data"


def formula_reducer(kind: type) -> Callable[[Any], Reduced] | None:
    """Return the reducer for what patsy makes of a formula and for the data of a model, None for other types."""
    saves = getattr(kind, "__getstate__", None)
    if package_of(kind) == "patsy":
        return None if saves is getattr(object, "__getstate__", None) else _reduce_plainly
    data = getattr(sys.modules.get(_DATA), "ModelData", None)
    return _reduce_plainly if data is not None and issubclass(kind, data) and saves is data.__getstate__ else None


def restore_attributes(instance: Any, attributes: dict[str, Any]) -> None:
    """Give an instance its attributes, whatever its class says about being pickled."""
    vars(instance).update(attributes)


def _reduce_plainly(instance: Any) -> Reduced:
    return copyreg.__newobj__, (type(instance),), vars(instance), None, None, restore_attributes  # type: ignore[attr-defined]
