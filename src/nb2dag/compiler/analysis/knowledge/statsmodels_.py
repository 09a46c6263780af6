"""List how the models and results of statsmodels behave: they calculate, and keep the data that they are given."""

from __future__ import annotations

import re
from dataclasses import replace

from nb2dag.compiler.analysis.knowledge.facts import (
    FRESH,
    MUTATES,
    MUTATES_SHARES,
    NUMPY_RANDOM,
    PURE_IMMUTABLE,
    PURE_SHARES,
    SHARES,
    CallFacts,
    MethodFacts,
    method_table,
)

MODEL = "statistical model"
"""The kind of a model, and of what fitting it gives."""

_DRAWS = CallFacts(
    reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,), seeded_by=("random_state", "rng", "seed"), calls=(0, "statistic")
)
_MODEL = CallFacts(returns="shares", kind=MODEL, shallow=True)
_SAMPLES = re.compile(r"sample|simulate|rvs")
_CHANGES_GIVEN = re.compile("GEE|gee")
"""Models that note in what they are given how it fits: the structure of a covariance."""

_BY_CHANCE = ("MICE", "Bayes")
"""Beginnings of the names of classes that draw numbers whenever they are used: nothing is known of them."""

_NO_MODELS = (".families.", ".cov_struct.", ".stats.", ".tools.", ".distributions.")
"""Parts of the paths of classes that models are made with."""


def model_call(path: str) -> CallFacts | None:
    """Return the facts of a function or class of statsmodels, None for the rest.

    >>> model_call("statsmodels.api.OLS").kind, model_call("statsmodels.api.add_constant").returns
    ('statistical model', 'fresh')
    """
    if not path.startswith("statsmodels."):
        return None
    name = path.rpartition(".")[2]
    if _SAMPLES.search(name):
        return _DRAWS
    if name.startswith(_BY_CHANCE):
        return None
    if _CHANGES_GIVEN.search(name):
        return SHARES
    if any(part in path for part in _NO_MODELS):
        return SHARES if name[:1].isupper() else FRESH
    # What is made by a formula keeps the frame and the functions that the formula names.
    return _MODEL if name[:1].isupper() or "formula" in path else FRESH


_FITS = MethodFacts(True, returns="shares", kind=MODEL, touches_only_receiver=True)
_GIVES = MethodFacts(True, returns="shares", kind=MODEL, touches_only_receiver=True)
"""What notes in the results what it has worked out, or in the model for which dates it was asked."""

_WORKS_OUT = MethodFacts(True, touches_only_receiver=True)
_DRAWN = MethodFacts(True, mutates_args=("ax", "fig"), kind="figure")
_SIMULATES = MethodFacts(
    False, reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,), seeded_by=("random_state", "rng", "seed")
)

RESULTS = method_table(
    (
        _GIVES,
        (
            "get_prediction get_forecast get_influence get_margeff get_distribution t_test f_test wald_test "
            "wald_test_terms t_test_pairwise compare_f_test compare_lm_test compare_lr_test outlier_test "
            "get_robustcov_results test_causality test_normality test_whiteness irf fevd summary summary2"
        ),
    ),
    (
        _WORKS_OUT,
        (
            "summary_frame conf_int cov_params zero_constraint_test impulse_responses loglike information "
            "normalized_cov_params score_obs hessian k_exog test_serial_correlation test_heteroskedasticity"
        ),
    ),
    (
        _DRAWN,
        (
            "plot_diagnostics plot_predict plot_components plot_forecast plot_acorr plot_partial_residuals "
            "plot_added_variable plot_ceres_residuals qqplot ppplot probplot plot_coefficients_of_determination"
        ),
    ),
    (PURE_IMMUTABLE, "as_text as_latex as_html as_csv aic bic hqic"),
)
"""Methods whose names are these libraries' own."""

METHODS = RESULTS | method_table(
    (_FITS, "fit fit_regularized fit_constrained fit_map fit_vb smooth filter"),
    (_GIVES, "append extend apply clone"),
    (_WORKS_OUT, "predict forecast"),
    (_SIMULATES, "simulate sample bootstrap rvs"),
    (_DRAWN, "plot"),
    (MUTATES, "remove_data bind"),
    (MethodFacts(False, returns="immutable", path_write=0), "save"),
    (PURE_SHARES, "transform_params untransform_params"),
)


def method_of_model(name: str) -> MethodFacts:
    """Return the facts of a method that no table has: it notes what it works out, and gives any object of its own."""
    if name.startswith("initialize"):
        return MUTATES
    return replace(_SIMULATES, mutates_receiver=True) if _SAMPLES.search(name) else MUTATES_SHARES
