"""A value that holds the process's own generator holds it in the next process too."""

from __future__ import annotations

import io
import pickle
import random

import numpy as np
import pytest
from scipy import stats

from nb2dag.runtime.pickler import ValuePickler


def handed_over(value):
    stream = io.BytesIO()
    ValuePickler(stream, {"__name__": "__main__"}).dump(value)
    return pickle.loads(stream.getvalue())


@pytest.mark.parametrize("generator", [random._inst, np.random.mtrand._rand], ids=["random", "numpy"])
def test_the_global_generator_stays_the_global_one(generator):
    assert handed_over({"model": [generator]})["model"][0] is generator


@pytest.mark.parametrize("generator", [random.Random(1), np.random.RandomState(1)], ids=["random", "numpy"])
def test_a_generator_of_its_own_is_a_copy(generator):
    copy = handed_over(generator)
    assert copy is not generator
    assert copy.random() == generator.random()


def test_a_distribution_of_scipy_draws_from_the_global_generator():
    frozen = handed_over(stats.norm(0, 1))
    state = np.random.get_state()
    try:
        np.random.seed(3)
        drawn = frozen.rvs()
        np.random.seed(3)
        assert drawn == np.random.standard_normal()
    finally:
        np.random.set_state(state)
