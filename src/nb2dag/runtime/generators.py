"""Name the random number generators that a whole process draws from."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

GLOBAL_GENERATORS = {"random": "_inst", "numpy.random.mtrand": "_rand"}
"""Where `random.random()` and `numpy.random.rand()` draw from: the module and the name of its generator.

scikit-learn's `check_random_state(None)` and scipy's distributions keep that of numpy.
"""


def global_generator(module: str) -> Any:
    """Return the generator of a module of `GLOBAL_GENERATORS`, None where the module is not loaded and not there.

    >>> import random
    >>> global_generator("random") is random._inst
    True
    """
    if module not in sys.modules:
        try:
            import_module(module)
        except ImportError:
            return None
    return getattr(sys.modules[module], GLOBAL_GENERATORS[module], None)
