"""What patsy forbids to pickle is reduced to its attributes, and nothing else is."""

import pytest

from nb2dag.runtime.formulas import formula_reducer, restore_attributes


def forbidden(self):
    raise NotImplementedError


def test_what_forbids_it_is_reduced_to_its_attributes_and_made_again():
    kind = type("DesignInfo", (), {"__module__": "patsy.design_info", "__getstate__": forbidden})
    info = kind()
    info.names = ["x"]
    make, arguments, state, _, _, restore = formula_reducer(kind)(info)
    made = make(*arguments)
    restore(made, state)
    assert restore is restore_attributes
    assert type(made) is kind
    assert made.names is info.names


@pytest.mark.parametrize("module", ["patsy.design_info", "own", "statsmodels.base.data"])
def test_what_says_nothing_is_left_to_pickle(module):
    assert formula_reducer(type("Plain", (), {"__module__": module})) is None
