"""List scikit-learn's functions and how its estimators behave; libraries with the same interface are read alike."""

from __future__ import annotations

from dataclasses import replace

from nb2dag.compiler.analysis.knowledge.facts import (
    CHAINS,
    CONFIGURES,
    FILES,
    FRESH,
    IMMUTABLE,
    NETWORK,
    NUMPY_RANDOM,
    PURE,
    PURE_IMMUTABLE,
    PURE_SHARES,
    SHARES,
    CallFacts,
    MethodFacts,
    call_table,
    joined,
    method_table,
    words,
)

_DRAWS = CallFacts(reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,), seeded_by=("random_state",))
_FETCHED = CallFacts(reads=(NETWORK,), deterministic=False)

_SCORING = ("scoring",)

_SELECTION = call_table(
    "sklearn.model_selection",
    (_DRAWS, "train_test_split"),
    (
        CallFacts(reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,), seeded_by=("random_state",), calls=_SCORING),
        "permutation_test_score",
    ),
    (CallFacts(calls=_SCORING), "cross_val_score cross_validate learning_curve validation_curve"),
    (FRESH, "cross_val_predict check_cv"),
)

# the functions `load_<name>` read files that ship with the library, the same in every process
_DATASETS = call_table(
    "sklearn.datasets",
    (
        FRESH,
        (
            "load_breast_cancer load_diabetes load_digits load_iris load_linnerud load_sample_image "
            "load_sample_images load_wine get_data_home clear_data_home"
        ),
    ),
    (CallFacts(reads=(FILES,), deterministic=False, path_read=0), "load_files load_svmlight_file load_svmlight_files"),
    (CallFacts(returns="immutable", path_write=2), "dump_svmlight_file"),
    (
        _FETCHED,
        (
            "fetch_20newsgroups fetch_20newsgroups_vectorized fetch_california_housing fetch_covtype "
            "fetch_file fetch_kddcup99 fetch_lfw_pairs fetch_lfw_people fetch_olivetti_faces fetch_openml "
            "fetch_rcv1 fetch_species_distributions"
        ),
    ),
    (
        _DRAWS,
        (
            "make_biclusters make_blobs make_checkerboard make_circles make_classification make_friedman1 "
            "make_friedman2 make_friedman3 make_gaussian_quantiles make_hastie_10_2 make_low_rank_matrix "
            "make_moons make_multilabel_classification make_regression make_s_curve make_sparse_coded_signal "
            "make_sparse_spd_matrix make_sparse_uncorrelated make_spd_matrix make_swiss_roll"
        ),
    ),
)

_METRICS = call_table(
    "sklearn.metrics",
    (CallFacts(returns="shares", consumes=True), "pairwise_distances_chunked"),
    (SHARES, "make_scorer get_scorer check_scoring"),
    (CallFacts(reads=(NUMPY_RANDOM,), seeded_by=("random_state",)), "silhouette_score"),
)

_OTHERS = {
    **call_table("sklearn.base", (FRESH, "clone get_config"), (IMMUTABLE, "is_classifier is_clusterer is_regressor")),
    **call_table("sklearn", (FRESH, "clone get_config config_context show_versions"), (CONFIGURES, "set_config")),
    **call_table("sklearn.pipeline", (CallFacts(returns="shares", kind="estimator"), "make_pipeline make_union")),
    **call_table("sklearn.compose", (CallFacts(returns="shares", kind="estimator"), "make_column_transformer")),
    **call_table("sklearn.compose", (SHARES, "make_column_selector")),
    **call_table("sklearn.inspection", (FRESH, "partial_dependence"), (_DRAWS, "permutation_importance")),
    **call_table(
        "sklearn.utils",
        (_DRAWS, "shuffle resample"),
        (FRESH, "compute_class_weight compute_sample_weight gen_batches gen_even_slices all_estimators"),
        (SHARES, "check_X_y check_array check_random_state column_or_1d as_float_array Bunch safe_mask indexable"),
    ),
    **call_table("sklearn.utils.validation", (IMMUTABLE, "check_is_fitted"), (SHARES, "check_array check_X_y")),
    **call_table("sklearn.feature_selection", (_DRAWS, "mutual_info_classif mutual_info_regression")),
    **call_table("sklearn.tree", (FRESH, "export_text"), (CallFacts(path_write="out_file"), "export_graphviz")),
    **call_table("sklearn.tree", (CallFacts(mutates=("ax",)), "plot_tree")),
}

CALLS = joined((_SELECTION, _DATASETS, _METRICS, _OTHERS))

# those whose methods draw from numpy's global generator when no `random_state` is given (found by fitting each of them)
_DRAWING = words(
    "AdaBoostClassifier AdaBoostRegressor AffinityPropagation BaggingClassifier BaggingRegressor "
    "BayesianGaussianMixture BernoulliRBM BisectingKMeans DecisionTreeClassifier "
    "DecisionTreeRegressor DictionaryLearning DummyClassifier ElasticNet ElasticNetCV "
    "EllipticEnvelope ExtraTreeClassifier ExtraTreeRegressor ExtraTreesClassifier ExtraTreesRegressor "
    "FastICA GaussianMixture GaussianProcessClassifier GaussianProcessRegressor "
    "GaussianRandomProjection GradientBoostingClassifier GradientBoostingRegressor "
    "HistGradientBoostingClassifier HistGradientBoostingRegressor IsolationForest IterativeImputer "
    "KMeans KernelPCA Lasso LassoCV LatentDirichletAllocation LinearSVC LinearSVR MDS MLPClassifier "
    "MLPRegressor MinCovDet MiniBatchDictionaryLearning MiniBatchKMeans MiniBatchNMF "
    "MiniBatchSparsePCA MultiTaskElasticNet MultiTaskLasso NMF NeighborhoodComponentsAnalysis NuSVC "
    "Nystroem PCA PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron "
    "PolynomialCountSketch RANSACRegressor RBFSampler RandomForestClassifier RandomForestRegressor "
    "RandomTreesEmbedding RandomizedSearchCV SGDClassifier SGDOneClassSVM SGDRegressor SVC "
    "ShuffleSplit SkewedChi2Sampler SparsePCA SparseRandomProjection SpectralBiclustering "
    "SpectralClustering SpectralCoclustering SpectralEmbedding StratifiedShuffleSplit "
    "GroupShuffleSplit TSNE TheilSenRegressor TruncatedSVD KFold StratifiedKFold RepeatedKFold "
    "RepeatedStratifiedKFold StratifiedGroupKFold"
)
_SPLITTERS = words(
    "ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit KFold StratifiedKFold RepeatedKFold "
    "RepeatedStratifiedKFold StratifiedGroupKFold GroupKFold LeaveOneOut LeavePOut TimeSeriesSplit "
    "PredefinedSplit"
)
_ESTIMATOR = CallFacts(returns="shares", kind="estimator")
_DRAWING_ESTIMATOR = CallFacts(returns="shares", kind="estimator", draws=(NUMPY_RANDOM,), seeded_by=("random_state",))
_SPLITTER = CallFacts(returns="shares", kind="splitter", draws=(NUMPY_RANDOM,), seeded_by=("random_state",))
_DISPLAY = CallFacts(mutates=("ax",))
_TRAINED = CallFacts(kind="estimator", calls=("callbacks",))
_BOOSTERS = {
    **call_table("xgboost", (_TRAINED, "train"), (FRESH, "cv"), (SHARES, "DMatrix QuantileDMatrix Booster")),
    **call_table(
        "lightgbm", (_TRAINED, "train"), (FRESH, "cv early_stopping log_evaluation"), (SHARES, "Dataset Booster")
    ),
    **call_table("catboost", (_TRAINED, "train"), (FRESH, "cv"), (SHARES, "Pool")),
}
CALLS.update(_BOOSTERS)

_KEEPING = words(
    "NearestNeighbors KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer RadiusNeighborsClassifier "
    "RadiusNeighborsRegressor RadiusNeighborsTransformer LocalOutlierFactor KNNImputer KernelDensity KernelRidge "
    "KernelPCA LabelPropagation LabelSpreading Isomap LocallyLinearEmbedding NearestCentroid"
)
"""Those that keep the data they were fitted on, and not a copy."""
_KEEPING_ON_DEMAND = words("GaussianProcessClassifier GaussianProcessRegressor")
"""Those that do so with `copy_X_train=False`."""

_FAMILIES = ("sklearn.", "xgboost.", "lightgbm.", "catboost.", "imblearn.")


def keeps_data(name: str, *, uncopied: bool) -> bool:
    """Tell whether an estimator of a class keeps the data it is fitted on; `uncopied` says that it was asked to."""
    return name in _KEEPING or (uncopied and name in _KEEPING_ON_DEMAND)


def estimator_call(path: str) -> CallFacts | None:
    """Return the facts of a class or function that the table need not name: an estimator, a metric, a display."""
    if not path.startswith(_FAMILIES):
        return None
    module, _, name = path.rpartition(".")
    if name.startswith(("from_estimator", "from_predictions")):
        return _DISPLAY
    if name[:1].isupper():
        if name in _SPLITTERS:
            return _SPLITTER
        return _DRAWING_ESTIMATOR if name in _DRAWING else _ESTIMATOR
    if module.startswith(("sklearn.metrics", "sklearn.preprocessing", "sklearn.feature_selection")):
        return FRESH
    return None


_FITS_RESULT = MethodFacts(True, touches_only_receiver=True)

ESTIMATOR = method_table(
    (
        CHAINS,
        ("fit partial_fit set_output set_fit_request set_score_request set_transform_request set_predict_request"),
    ),
    (replace(CHAINS, stores_args=True), "set_params"),
    (_FITS_RESULT, "fit_transform fit_predict fit_resample"),
    (
        PURE,
        (
            "predict predict_proba predict_log_proba decision_function score_samples transform "
            "inverse_transform apply cost_complexity_pruning_path decision_path get_feature_names_out "
            "get_support kneighbors kneighbors_graph radius_neighbors mahalanobis get_precision get_covariance"
        ),
    ),
    (PURE_IMMUTABLE, "score get_n_splits perplexity aic bic get_depth get_n_leaves"),
    (MethodFacts(False, kind="generator"), "split staged_predict staged_predict_proba staged_decision_function"),
    (PURE_SHARES, "get_params get_metadata_routing get_booster"),
    (MethodFacts(False, returns="immutable", path_write=0), "save_model"),
    (MethodFacts(True, returns="immutable", path_read=0, touches_only_receiver=True), "load_model"),
)

SPLITTER = method_table((MethodFacts(False, kind="generator"), "split"), (PURE_IMMUTABLE, "get_n_splits"))

_ASKED = words(
    "transform inverse_transform predict predict_proba predict_log_proba decision_function score score_samples"
)
_LEARNT = words("fit fit_transform fit_predict partial_fit fit_resample")


def methods_of_parts(name: str) -> frozenset[str]:
    """Return what an estimator may call, of what it is made of or of itself, when its method `name` is called.

    >>> "fit" in methods_of_parts("fit_transform"), "fit" in methods_of_parts("predict"), len(methods_of_parts("head"))
    (True, False, 0)
    """
    if name in _LEARNT:
        return (_LEARNT | _ASKED) - {name}
    return _ASKED - {name} if name in _ASKED else frozenset()


def methods_called_by(path: str) -> frozenset[str]:
    """Return what a function at a dotted path may call of the estimators that it is given."""
    return _LEARNT | _ASKED if path.startswith(("sklearn.model_selection.", "sklearn.inspection.")) else frozenset()
