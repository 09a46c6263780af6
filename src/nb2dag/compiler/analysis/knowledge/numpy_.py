"""List numpy's functions, and the methods of its arrays and generators."""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import (
    CONFIGURES,
    ENTROPY,
    FILES,
    FRESH,
    IMMUTABLE,
    MUTATES,
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

_ARRAY = CallFacts(kind="array")
_OUT = CallFacts(mutates=("out",))
_OF_ONE = CallFacts(mutates=("out", 1))
_OF_TWO = CallFacts(mutates=("out", 2))
_VIEW = CallFacts(returns="shares", kind="array")
_DRAW = CallFacts(reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,))
_GENERATOR = CallFacts(kind="rng", reads=(ENTROPY,), deterministic=False, seeded_by=(0, "seed"))
_READ = CallFacts(reads=(FILES,), deterministic=False, path_read=0)
_WRITE = CallFacts(returns="immutable", path_write=0)

_FUNCTIONS = call_table(
    "numpy",
    # elementwise functions and reductions: of scalars they give scalars, of frames frames
    (
        _OF_ONE,
        (
            "abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh "
            "bitwise_count bitwise_invert bitwise_not cbrt ceil conj conjugate cos cosh deg2rad degrees exp "
            "exp2 expm1 fabs floor invert isfinite isinf isnan isnat log log10 log1p log2 logical_not "
            "negative positive rad2deg radians reciprocal rint sign signbit sin sinh spacing sqrt square "
            "tan tanh trunc fix isneginf isposinf"
        ),
    ),
    (
        _OF_TWO,
        (
            "add arctan2 atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor "
            "copysign divide equal float_power floor_divide fmax fmin fmod gcd greater greater_equal "
            "heaviside hypot lcm ldexp left_shift less less_equal logaddexp logaddexp2 logical_and "
            "logical_or logical_xor matmul matvec maximum minimum mod multiply nextafter not_equal pow "
            "power remainder right_shift subtract true_divide vecdot vecmat"
        ),
    ),
    (
        _OUT,
        (
            "all amax amin any argmax argmin around choose clip compress cumprod cumsum cumulative_prod "
            "cumulative_sum divmod dot frexp max mean median min modf nanargmax nanargmin nancumprod "
            "nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum "
            "nanvar outer percentile prod ptp quantile round std sum take trace var concatenate concat "
            "stack vstack hstack"
        ),
    ),
    (
        _ARRAY,
        (
            "append arange argpartition argsort argwhere array bartlett bincount blackman column_stack "
            "convolve copy corrcoef correlate cov cross delete diag_indices diagflat diff digitize dstack "
            "ediff1d empty empty_like extract eye flatnonzero fromiter fromstring full full_like geomspace "
            "hamming hanning i0 identity indices insert intersect1d isin kaiser kron lexsort linspace "
            "logspace ndarray ones ones_like packbits pad partition poly polyadd polyder polyint polymul "
            "polysub ravel_multi_index repeat resize roll roots row_stack setdiff1d setxor1d sort "
            "sort_complex tensordot tile tri tril triu union1d unpackbits vander zeros zeros_like astype"
        ),
    ),
    (
        FRESH,
        (
            "average busday_count busday_offset histogram histogram2d histogram_bin_edges histogramdd inner "
            "interp isclose iscomplex isreal is_busday mask_indices meshgrid nan_to_num nonzero polydiv "
            "polyfit polyval searchsorted select sinc take_along_axis trapezoid trapz tril_indices "
            "tril_indices_from triu_indices triu_indices_from unique unique_all unique_counts unique_inverse "
            "unique_values unravel_index unwrap vdot where angle count_nonzero gradient diag_indices_from "
            "einsum einsum_path ix_ block bmat datetime_as_string nested_iters ndindex errstate printoptions "
            "get_printoptions geterr busdaycalendar in1d"
        ),
    ),
    (
        _VIEW,
        (
            "asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix atleast_1d "
            "atleast_2d atleast_3d broadcast_to diag diagonal expand_dims flip fliplr flipud frombuffer "
            "from_dlpack imag matrix_transpose moveaxis permute_dims ravel real real_if_close require reshape "
            "rollaxis rot90 squeeze swapaxes transpose trim_zeros matrix recarray chararray"
        ),
    ),
    (
        SHARES,
        ("array_split broadcast_arrays dsplit hsplit split vsplit unstack poly1d"),
    ),
    (CallFacts(returns="shares", kind="place in an array"), "broadcast nditer ndenumerate flatiter"),
    (
        IMMUTABLE,
        (
            "allclose array2string array_equal array_equiv array_repr array_str base_repr binary_repr "
            "broadcast_shapes can_cast common_type datetime_data format_float_positional "
            "format_float_scientific get_include getbufsize geterrcall info iscomplexobj isdtype isfortran "
            "isrealobj isscalar issubdtype iterable may_share_memory min_scalar_type mintypecode ndim "
            "promote_types result_type shape shares_memory show_config show_runtime size typename bool bool_ "
            "byte bytes_ cdouble character clongdouble complex128 complex256 complex64 csingle datetime64 "
            "double dtype finfo float128 float16 float32 float64 half iinfo int16 int32 int64 int8 int_ intc "
            "intp long longdouble longlong short single str_ timedelta64 ubyte uint uint16 uint32 uint64 "
            "uint8 uintc uintp ulong ulonglong ushort"
        ),
    ),
    (CallFacts(mutates=(0,), returns="immutable"), "copyto fill_diagonal place put put_along_axis putmask"),
    (CallFacts(calls=(0,)), "apply_along_axis apply_over_axes fromfunction piecewise"),
    (CallFacts(returns="shares", calls=(0,)), "vectorize"),
    (CallFacts(returns="shares", calls=(0,), kind="ufunc"), "frompyfunc"),
    (CONFIGURES, "set_printoptions setbufsize seterr seterrcall"),
    (_READ, "load loadtxt genfromtxt fromfile fromregex"),
    (
        CallFacts(kind="array", reads=(FILES,), deterministic=False, path_read=0, path_write=0),
        "memmap lib.format.open_memmap",
    ),
    (_WRITE, "save savetxt savez savez_compressed"),
)

_DRAWS = (
    "beta binomial bytes chisquare choice dirichlet exponential f gamma geometric gumbel "
    "hypergeometric laplace logistic lognormal logseries multinomial multivariate_normal "
    "negative_binomial noncentral_chisquare noncentral_f normal pareto permutation poisson power rand "
    "randint randn random random_integers random_sample ranf rayleigh sample standard_cauchy "
    "standard_exponential standard_gamma standard_normal standard_t triangular uniform vonmises wald "
    "weibull zipf"
)

_RANDOM = call_table(
    "numpy.random",
    (_DRAW, _DRAWS),
    (CallFacts(mutates=(0,), returns="immutable", reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,)), "shuffle"),
    (CallFacts(returns="immutable", writes=(NUMPY_RANDOM,), seeds=True, seeded_by=(0, "seed")), "seed"),
    (CallFacts(returns="immutable", writes=(NUMPY_RANDOM,), seeds=True), "set_state"),
    (CallFacts(reads=(NUMPY_RANDOM,)), "get_state"),
    (_GENERATOR, "default_rng RandomState MT19937 PCG64 PCG64DXSM Philox SFC64"),
    (CallFacts(reads=(ENTROPY,), deterministic=False, seeded_by=(0, "entropy")), "SeedSequence"),
    (CallFacts(returns="shares", kind="rng"), "Generator"),
)

_LINEAR = call_table(
    "numpy.linalg",
    (
        FRESH,
        (
            "cholesky cond cross det eig eigh eigvals eigvalsh inv lstsq matmul matrix_norm matrix_power "
            "matrix_rank norm outer pinv qr slogdet solve svd svdvals tensordot tensorinv tensorsolve trace "
            "vecdot vector_norm"
        ),
    ),
    (CallFacts(mutates=("out",)), "multi_dot"),
    (_VIEW, "diagonal matrix_transpose"),
)

_FOURIER = call_table(
    "numpy.fft",
    (_OUT, "fft fft2 fftn hfft ifft ifft2 ifftn ihfft irfft irfft2 irfftn rfft rfft2 rfftn"),
    (_ARRAY, "fftfreq fftshift ifftshift rfftfreq"),
)

CALLS = joined((_FUNCTIONS, _RANDOM, _LINEAR, _FOURIER))

_REDUCE = MethodFacts(False, mutates_args=("out",))

ARRAY = method_table(
    (
        _REDUCE,
        (
            "all any argmax argmin choose clip compress cumprod cumsum dot max mean min prod ptp round std "
            "sum take trace var"
        ),
    ),
    (PURE, "argpartition argsort nonzero repeat searchsorted astype tolist"),
    (MethodFacts(False, kind="array"), "copy flatten"),
    (PURE_IMMUTABLE, "item dumps tobytes tostring"),
    (
        MethodFacts(False, returns="shares", kind="array"),
        "reshape ravel view squeeze transpose swapaxes diagonal getfield",
    ),
    # the conjugate of a real array is that array
    (PURE_SHARES, "to_device __array__ conj conjugate"),
    (MUTATES, "fill itemset partition put resize setfield setflags sort __setitem__ __iadd__"),
    (MethodFacts(False, inplace_keyword=True), "byteswap"),
    (MethodFacts(False, returns="immutable", path_write=0), "tofile dump"),
)

_DRAWN = MethodFacts(True, mutates_args=("out",))

GENERATOR = method_table(
    (
        _DRAWN,
        _DRAWS + " integers multivariate_hypergeometric permuted spawn tomaxint random_raw betavariate choices "
        "expovariate gammavariate gauss getrandbits lognormvariate normalvariate paretovariate randbytes randrange "
        "vonmisesvariate weibullvariate",
    ),
    (MethodFacts(True, mutates_args=(0,), returns="immutable"), "shuffle"),
    (MUTATES, "seed set_state setstate"),
    (PURE, "get_state getstate"),
)
