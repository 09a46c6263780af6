"""List pandas' functions, and the methods of frames, series, indexes and what they are grouped into.

A method that is said to be fresh returns what shares nothing with its receiver that either could change (elements of
object columns, and an index's own name, excepted): in pandas 3, where copy-on-write holds, and in pandas 2 as well.
"""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import (
    ANY,
    CHAINS,
    CLOCK_READ,
    CONFIGURES,
    FILES,
    FRESH,
    IMMUTABLE,
    MODE,
    MUTATES,
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
)

_FRAME = CallFacts(kind="frame")
_SERIES = CallFacts(kind="series")
_INDEX = CallFacts(kind="index")
_FILE_FRAME = CallFacts(kind="frame", reads=(FILES,), deterministic=False, path_read=0)
_FILE = CallFacts(reads=(FILES,), deterministic=False, path_read=0)
_SQL_FRAME = CallFacts(kind="frame", reads=(NETWORK,), deterministic=False)

_FUNCTIONS = call_table(
    "pandas",
    (
        _FRAME,
        (
            "crosstab from_dummies get_dummies json_normalize lreshape melt merge merge_asof "
            "merge_ordered pivot pivot_table wide_to_long DataFrame.from_dict DataFrame.from_records "
            "DataFrame.from_arrow"
        ),
    ),
    (_SERIES, "Series.from_arrow"),
    (CallFacts(kind="frame", views=True), "DataFrame"),
    (CallFacts(kind="series", views=True), "Series"),
    (
        _INDEX,
        (
            "Index CategoricalIndex DatetimeIndex IntervalIndex MultiIndex PeriodIndex RangeIndex "
            "TimedeltaIndex bdate_range date_range interval_range period_range timedelta_range "
            "MultiIndex.from_arrays MultiIndex.from_frame MultiIndex.from_product MultiIndex.from_tuples "
            "IntervalIndex.from_arrays IntervalIndex.from_breaks IntervalIndex.from_tuples"
        ),
    ),
    (CallFacts(mutates=("target",)), "eval"),
    # the shape of the result follows that of the argument
    (
        FRESH,
        (
            "concat cut qcut factorize isna isnull notna notnull to_datetime to_numeric to_timedelta unique "
            "array Categorical Categorical.from_codes infer_freq value_counts arrays.SparseArray "
            "describe_option get_option"
        ),
    ),
    (
        IMMUTABLE,
        (
            "ArrowDtype BooleanDtype CategoricalDtype DatetimeTZDtype Float32Dtype Float64Dtype Int16Dtype "
            "Int32Dtype Int64Dtype Int8Dtype Interval IntervalDtype NamedAgg Period PeriodDtype SparseDtype "
            "StringDtype Timedelta Timestamp UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype DateOffset "
            "show_versions col Timestamp.fromtimestamp Timestamp.fromisoformat Timestamp.strptime "
            "Timestamp.combine Timestamp.fromordinal Timestamp.fromisocalendar"
        ),
    ),
    (CLOCK_READ, "Timestamp.now Timestamp.today Timestamp.utcnow Period.now"),
    (SHARES, "Grouper Flags NamedFunc option_context io.formats.style.Styler"),
    (CONFIGURES, "set_option reset_option set_eng_float_format"),
    (
        _FILE_FRAME,
        (
            "read_csv read_excel read_feather read_fwf read_json read_orc read_parquet read_sas read_spss "
            "read_stata read_table read_xml"
        ),
    ),
    (CallFacts(kind="list", reads=(FILES,), deterministic=False, path_read=0), "read_html"),
    (_FILE, "read_hdf read_pickle ExcelFile"),
    (CallFacts(kind="frame", reads=("<clipboard>",), deterministic=False), "read_clipboard"),
    (_SQL_FRAME, "read_sql read_sql_query read_sql_table read_iceberg read_gbq"),
    (CallFacts(kind="file", path_read=MODE, path_write=MODE, deterministic=False), "HDFStore"),
    (CallFacts(kind="file", path_write=0), "ExcelWriter"),
    (CallFacts(returns="immutable", path_write=1), "to_pickle"),
)

_OFFSETS = call_table(
    "pandas.tseries.offsets",
    (
        IMMUTABLE,
        (
            "BDay BusinessDay BMonthBegin BMonthEnd BQuarterEnd BYearEnd CDay CustomBusinessDay DateOffset "
            "Day Hour Minute Second Week MonthBegin MonthEnd QuarterBegin QuarterEnd YearBegin YearEnd"
        ),
    ),
)

_TYPES = call_table(
    "pandas.api.types",
    (
        IMMUTABLE,
        (
            "is_bool_dtype is_categorical_dtype is_datetime64_any_dtype is_datetime64_dtype is_dict_like "
            "is_float_dtype is_integer_dtype is_list_like is_numeric_dtype is_object_dtype is_scalar "
            "is_string_dtype is_timedelta64_dtype"
        ),
    ),
    (FRESH, "infer_dtype union_categoricals"),
)

_TESTING = call_table(
    "pandas.testing",
    (IMMUTABLE, "assert_frame_equal assert_series_equal assert_index_equal assert_extension_array_equal"),
)

_PLOTTING = call_table(
    "pandas.plotting",
    (
        CallFacts(mutates=("ax",)),
        (
            "andrews_curves autocorrelation_plot bootstrap_plot boxplot lag_plot parallel_coordinates radviz "
            "scatter_matrix table"
        ),
    ),
    (CONFIGURES, "register_matplotlib_converters deregister_matplotlib_converters"),
)

CALLS = joined((_FUNCTIONS, _OFFSETS, _TYPES, _TESTING, _PLOTTING))

_INPLACE = MethodFacts(False, inplace_keyword=True)
_CALLS_FIRST = MethodFacts(False, calls=(0, "func"))
_TEXT_FILE = MethodFacts(False, returns="immutable", kind="str", path_write=0)
_WRITES = MethodFacts(False, returns="immutable", path_write=0)

_ARITHMETIC = (
    "abs add div divide divmod dot eq floordiv ge gt le lt mod mul multiply ne pow product prod radd "
    "rdiv rdivmod rfloordiv rmod rmul rpow rsub rtruediv round sub subtract truediv"
)
_STATISTICS = (
    "all any argmax argmin argsort autocorr corr corrwith count cov cummax cummin cumprod cumsum "
    "describe diff idxmax idxmin kurt kurtosis max mean median min mode nlargest nsmallest nunique "
    "pct_change quantile rank sem size skew std sum value_counts var cumcount ngroup ohlc nth bool"
)
_SHAPING = (
    "add_prefix add_suffix align asfreq asof astype at_time between between_time combine_first "
    "compare convert_dtypes droplevel duplicated equals explode factorize filter first_valid_index "
    "infer_objects isin isna isnull join last_valid_index melt memory_usage "
    "merge nearest notna notnull pivot pivot_table reindex reindex_like reorder_levels repeat "
    "searchsorted select select_dtypes set_axis shift stack swaplevel take "
    "to_dict to_list to_period to_records to_timestamp to_xarray tolist truncate "
    "tz_convert tz_localize unique unstack get_group case_when"
)
_INDEX_METHODS = (
    "add_categories as_ordered as_unit as_unordered asof_locs day_name delete difference equal_levels "
    "get_indexer get_indexer_for get_indexer_non_unique get_level_values get_loc get_loc_level "
    "get_locs get_slice_bound identical indexer_at_time indexer_between_time intersection is_ "
    "isocalendar month_name normalize overlaps putmask remove_categories remove_unused_categories "
    "remove_unused_levels rename_categories reorder_categories set_categories set_closed set_codes "
    "set_levels set_names slice_indexer slice_locs snap sortlevel symmetric_difference to_flat_index "
    "to_julian_date to_pydatetime to_pytimedelta to_series to_tuples union total_seconds format holds_integer "
    "is_boolean is_categorical is_floating is_integer is_interval is_numeric is_object"
)
_TEXT_METHODS = "cat extract extractall findall fullmatch get_dummies len pad slice slice_replace wrap contains match"
_OTHERS = "keys copy append ceil floor strftime from_dict from_records from_arrow"

PANDAS = method_table(
    (PURE, f"{_ARITHMETIC} {_STATISTICS} {_SHAPING} {_INDEX_METHODS} {_TEXT_METHODS} {_OTHERS}"),
    (MethodFacts(False, kind="iterator"), "items iterrows itertuples"),
    (MethodFacts(False, calls=(0, 1, "func")), "combine"),
    (PURE_IMMUTABLE, "info item"),
    (
        _INPLACE,
        (
            "bfill clip drop drop_duplicates dropna eval ffill fillna interpolate mask query rename "
            "rename_axis replace reset_index set_index where backfill"
        ),
    ),
    (MethodFacts(False, inplace_keyword=True, calls=("key",)), "sort_index sort_values"),
    (_CALLS_FIRST, "apply map applymap transform"),
    (MethodFacts(False, calls=(0, "func", ANY)), "agg aggregate assign"),
    (MethodFacts(False, returns="shares", calls=(0, "func")), "pipe"),
    # a grouped or windowed object keeps a reference to the frame itself
    (MethodFacts(False, returns="shares", kind="grouped"), "groupby rolling expanding ewm resample"),
    (PURE_SHARES, "to_numpy ravel view array __array__ __getitem__ swapaxes"),
    # views in pandas 2, where a write to one of them arrives in the frame
    (PURE_SHARES, "first get head last set_flags squeeze tail to_frame transpose xs"),
    (MethodFacts(False, reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,), seeded_by=("random_state",)), "sample"),
    (MethodFacts(True, touches_only_receiver=True), "pop"),
    (MUTATES, "insert isetitem update __setitem__ __delitem__"),
    (MethodFacts(False, mutates_args=("ax",)), "plot hist boxplot"),
    (_TEXT_FILE, "to_csv to_json to_html to_latex to_markdown to_string to_xml"),
    (_WRITES, "to_excel to_feather to_hdf to_parquet to_orc to_pickle to_stata"),
    (MethodFacts(False, returns="immutable", writes=(NETWORK,)), "to_sql to_gbq to_iceberg"),
    (MethodFacts(False, returns="immutable", writes=("<clipboard>",)), "to_clipboard"),
)

# an index is never changed in place: what these return is another one
INDEX = {**PANDAS, "insert": PURE, "append": PURE, "sort": PURE}

STYLER = method_table(
    (
        CHAINS,
        (
            "apply apply_index background_gradient bar clear concat format format_index format_index_names "
            "hide highlight_between highlight_max highlight_min highlight_null highlight_quantile map "
            "map_index pipe relabel_index set_caption set_properties set_sticky set_table_attributes "
            "set_table_styles set_td_classes set_tooltips set_uuid text_gradient use"
        ),
    ),
    (_TEXT_FILE, "to_html to_latex to_string to_typst"),
    (_WRITES, "to_excel"),
    (PURE, "export"),
)
