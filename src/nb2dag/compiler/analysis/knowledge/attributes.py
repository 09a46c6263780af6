"""List attributes by what reading them gives: something immutable, a new object, or a part of the object itself."""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import words

# numbers, text, types, tuples of them, and indexes of fields that nobody can change in place
IMMUTABLE = words(
    "shape ndim size dtype nbytes itemsize strides empty hasnans is_monotonic_decreasing "
    "is_monotonic_increasing is_unique freq freqstr tz tzinfo inferred_type inferred_freq nlevels "
    "year month day hour minute second microsecond nanosecond dayofweek dayofyear weekofyear quarter "
    "days seconds microseconds days_in_month is_leap_year is_month_end is_month_start is_quarter_end "
    "is_quarter_start is_year_end is_year_start resolution unit value name stem suffix suffixes "
    "parent parents parts anchor root drive numerator denominator status_code ok url text content "
    "encoding reason elapsed pattern flags string pos endpos lastindex lastgroup n_features_in_ "
    "n_iter_ n_classes_ n_components_ n_outputs_ n_samples_seen_ best_score_ best_index_ inertia_ "
    "__name__ __doc__ __class__ __module__ __qualname__ __version__ __file__"
)

# accessors, and what pandas makes anew at each access
FRESH = words("str dt cat plot sparse list struct dtypes")

# copied on write
FRAME_FRESH = frozenset({"T"})

# views of an array
ARRAY_SHARES = words("real imag T mT flat base data")

# other mappings that a `ChainMap` looks into
DICT_SHARES = words("maps parents")

# what the same value has no more after it was handed over, by the kinds of which it is known ("" is any)
LOST = {"__traceback__": {""}, "base": {"array"}, "strides": {"array"}, "__sizeof__": {""}}
