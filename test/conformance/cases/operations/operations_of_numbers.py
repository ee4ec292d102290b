"""More nodes of keras.ops on numbers: what NumPy has beside arithmetic. See operations.py."""
import numpy as np

from case import case, labels, normal
from .operations import expression


@expression("ops_more_functions", (4, 3), (4, 3), rate=1e-5)
def more_functions(ops, a, b):
    return [ops.arcsinh(3 * a), ops.arccosh(ops.abs(a) + 1.5), ops.arctanh(0.9 * a), ops.cbrt(a + 3),
            ops.deg2rad(90 * a), ops.rad2deg(a / 50), ops.sinc(2 * a), ops.angle(b) * a,
            ops.fmax(a, b), ops.fmin(0.1, b), ops.fmod(3 * a, b + 2), ops.heaviside(a, b),
            ops.ldexp(a, ops.cast(3 * b, "int32")), ops.logaddexp2(a, 2 * b),
            ops.nan_to_num(ops.stop_gradient(a / ops.relu(ops.sign(b))), nan=0.5, neginf=-2.0, posinf=1),
            ops.real(a) - ops.imag(b), ops.conj(a), ops.round(b, 2), ops.empty_like(a) * b,
            ops.saturate_cast(400 * a, "uint8") / 255, ops.full_like(b, 0.2) * b]


@expression("ops_questions", (4, 3), (4, 3), mixes_rows=True)
def questions(ops, a, b):
    number = lambda x: ops.cast(x, "float32")
    root = ops.sqrt(b)  # NaN below 0
    edges = np.array([-0.5, 0.0, 0.4], "float32")
    return [number(ops.isclose(a, b, rtol=0.5, atol=0.1)) * a, number(ops.signbit(-0.0 * a - b)) * b,
            number(ops.isclose(root, root, equal_nan=True)), number(ops.isclose(root, root)),
            number(ops.isposinf(a / ops.relu(b))), number(ops.isneginf(ops.log(ops.relu(a)))),
            number(ops.isreal(a)) * b,
            ops.select([a > 0.3, b > 0], [a, 2 * b], 0.5), ops.select([a > b], [a * b]),
            number(ops.digitize(a, edges)) * b,
            number(ops.searchsorted(edges, b[:, 0, 0], side="right"))[:, None],
            number(ops.searchsorted(edges, a[:, 1, 2]))[:, None],
            ops.cast(ops.size(a), "float32") / 100 + a, number(ops.ndim(b)) * b]


@expression("ops_further_names", (4, 3), (4, 3), mixes_rows=True)
def further_names(ops, a, b):
    number = lambda x: ops.cast(x, "float32")
    whole, middle = ops.cast(4 * a, "int32"), ops.mean(b, axis=0)
    upper, lower = ops.vsplit(middle, 2)
    return [ops.erfc(a), ops.fabs(b), ops.absolute(a - b), ops.ptp(a, axis=1), ops.conjugate(a),
            ops.copy(b) - ops.convert_to_tensor(a), ops.amax(a, axis=2),
            ops.amin(b, axis=1, keepdims=True), ops.true_divide(a, 2), ops.flipud(middle) * a,
            ops.vstack([lower, upper]) + b, number(ops.isinf(a / ops.relu(b))) * a,
            number(ops.bitwise_invert(whole)) / 4, number(ops.left_shift(whole, 1)) / 8,
            number(ops.bitwise_right_shift(whole, 1))]


@expression("ops_bits", (5,), (5,), sources=[labels(6, 5), labels(9, 5)], dtypes=["int32", "int32"],
            rate=1e-6)
def bits(ops, a, b):
    return [ops.bitwise_and(a, b), ops.bitwise_or(a, np.array([4])), ops.bitwise_xor(a - 3, b),
            ops.bitwise_not(a), ops.bitwise_left_shift(a, 2), ops.right_shift(b - 5, 1),
            ops.count_nonzero(a, axis=1)[:, None], ops.fmod(a - 3, 2), ops.fmax(a, b), ops.signbit(a - 2),
            ops.cumsum(a, axis=1), ops.multi_hot(a, 6), ops.one_hot(b, 9, axis=1),
            ops.saturate_cast(100 * b, "int8"), ops.nansum(a, axis=1, keepdims=True), ops.diff(b)]


@expression("ops_running", (4, 5), (4, 5), rate=1e-3)
def running(ops, a, b):
    return [ops.cumsum(a, axis=1), ops.cumsum(b, axis=-1), ops.cumprod(a, axis=2),
            ops.cumprod(2 * b, axis=-2), ops.diff(a), ops.diff(b, n=2, axis=1), ops.trapezoid(a),
            ops.trapezoid(b, dx=0.3, axis=1), ops.trapezoid(a, x=[0.0, 0.5, 2.0, 2.5, 4.0]),
            ops.average(a, axis=1), ops.average(a, axis=2, weights=np.array([1, 2, 3, 0, 1], "float32")),
            ops.average(a, axis=-1, weights=ops.abs(b) + 0.5), ops.norm(a, ord=3, axis=1),
            ops.norm(b, ord=np.inf, axis=2, keepdims=True), ops.norm(a, ord=1, axis=(1, 2)),
            ops.norm(b, ord=-np.inf, axis=(2, 1)), ops.normalize(a, axis=1, order=3),
            ops.normalize(b, order=1), ops.max(a, axis=1, initial=0.2), ops.min(b, axis=2, initial=-0.1)]


@expression("ops_without_nan", (4, 5), (4, 5))
def without_nan(ops, a, b):
    gaps = ops.where(ops.abs(b) > 0.4, np.nan, a)
    ends = ops.where(ops.arange(5) < 2, np.nan, gaps)
    some = ops.where(ops.arange(5) < 2, np.nan, a)  # in each row, and in no column but the first two
    return [ops.nansum(gaps, axis=1), ops.nanprod(ends, axis=-1, keepdims=True),
            ops.nanmean(some, axis=2), ops.nanvar(some, axis=-1), ops.nanstd(some, axis=(1, 2)),
            ops.nanmax(some, axis=2), ops.nanmin(some, axis=(1, 2), keepdims=True),
            ops.nan_to_num(ops.nanmax(ends, axis=1), nan=0.25), ops.nancumsum(gaps, axis=1),
            ops.nancumprod(gaps, axis=2), ops.cast(ops.nanargmax(some, axis=2), "float32"),
            ops.cast(ops.nanargmin(ends, axis=1), "float32"), ops.where(ops.isnan(ends), 0.5, a),
            ops.divide(a, 4)]


@expression("ops_diagonals", (4, 3, 3), mixes_rows=True)
def diagonals(ops, x):
    center = ops.mean(x, axis=(0, 1))
    return [ops.diagonal(x, axis1=1, axis2=2), ops.diagonal(x, offset=-1, axis1=2, axis2=-1),
            ops.diagonal(x, offset=1, axis1=3, axis2=1), ops.trace(x, axis1=-2, axis2=-1),
            ops.trace(x, offset=1, axis1=1, axis2=3), ops.diag(center) * x,
            ops.diagflat(ops.mean(center, axis=1), k=-1)[:3, :3] + x, ops.tril(x, -1), ops.triu(x)]


@expression("ops_moves", (4, 6), (4, 6))
def moves(ops, a, b):
    wide = ops.reshape(a, (-1, 2, 3, 4))
    even = ops.reshape(a, (-1, 2, 6, 2))  # of others, Keras on TensorFlow mixes up two quarter turns
    first, second = ops.hsplit(a, [1])
    parts = ops.array_split(b, 4, axis=2)
    deep = ops.dsplit(b, 3)
    return [ops.fliplr(a), ops.rot90(wide, axes=(1, 2)), ops.rot90(even, k=2, axes=(3, 1)),
            ops.rot90(wide, k=-1, axes=(2, 3)), ops.roll(b, (1, -2), axis=(1, 2)), first * second,
            parts[0] * parts[3], parts[1], deep[2] - deep[0], ops.hstack([a, b]),
            ops.dstack([a, 2 * b]), ops.append(a, b, axis=-1),
            ops.pad(a, ((0, 0), (2, 1), (0, 3)), mode="reflect"),
            ops.pad(b, ((0, 0), (4, 0), (1, 2)), mode="symmetric")]


@case(x=normal(4, 6), y=normal(2), rows=6, batch_size=6, epochs=4)
def ops_rearrange(keras):
    """Keras takes it for a known number of rows alone."""
    inputs = keras.Input(batch_shape=(6, 4, 6))
    x = keras.layers.Dense(6, "tanh")(inputs)
    y = keras.ops.rearrange(x, "b (h p) (n c) -> b n (c h) p", n=2, p=2)
    z = keras.ops.rearrange(y, "b n c p -> b (n p) c")
    x = keras.layers.Concatenate()([keras.layers.Flatten()(part) for part in (y, z)])
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    model.compile(keras.optimizers.SGD(0.02), "mse")
    return model


@expression("ops_places", (4, 6), (4, 6), (3,), sources=[normal(4, 6), normal(4, 6), labels(4, 3)],
            dtypes=["float32", "float32", "int32"])
def places(ops, a, b, i):
    best = ops.argmax(b, axis=1, keepdims=True)
    whole = lambda x: ops.cast(4 * x, "int32")  # Keras on TensorFlow has no gradient of slice_update
    return [ops.take_along_axis(a, best, axis=1), ops.take_along_axis(b, np.array([[[1, -1]]]), axis=2),
            ops.take_along_axis(a, ops.reshape(i, (-1, 3, 1)), axis=1), ops.slice(a, (0, 1, 2), (-1, 2, -1)),
            ops.slice_update(whole(a), (0, 2, 1), whole(b)[:, :2, :3]),
            ops.slice_update(whole(b), [0, 0, 5], whole(a)[:, :, :2]), ops.extract_sequences(a, 3, 2)]


@expression("ops_products", (4, 3), (5, 3), rate=1e-4, mixes_rows=True)
def products(ops, a, b):
    weights = np.linspace(-1, 1, 12).reshape(4, 3).astype("float32")
    return [ops.cross(a, weights), ops.cross(a[..., :2], weights),
            ops.cross(a, a[:, ::-1], axis=-1), ops.cross(a[:, :3], b[:, :3], axisa=1, axisb=2, axisc=1),
            ops.inner(a, weights), ops.cdist(a, b),
            ops.cdist(b, weights), ops.vdot(a, a) * b, ops.outer(ops.mean(a, axis=(0, 1)), weights[0]) - a[:, :3]]


@expression("ops_inverse_functions", (4, 3), (4, 3), rate=1e-4)
def inverse_functions(ops, a, b):
    return [ops.arctan(3 * a), ops.arcsin(0.95 * a), ops.arccos(0.95 * b), ops.arctan2(a, b),
            ops.arctan2(b, -0.3), ops.erfinv(0.999 * a), ops.erfinv(0.2 * b), ops.i0(3 * b), ops.i0(a),
            ops.arctan(1e6 * a) * b]


@expression("ops_divisors", (5,), (5,), sources=[labels(60, 5), labels(90, 5)], dtypes=["int32", "int32"],
            rate=1e-6)
def divisors(ops, a, b):
    return [ops.gcd(a, b), ops.gcd(a - 30, 12), ops.lcm(a, b) // 50, ops.lcm(a - 20, 6)]


@expression("ops_order", (5, 4), (5, 4), rate=1e-3)
def order(ops, a, b):
    number = lambda x: ops.cast(x, "float32")
    values, places = ops.top_k(a, 3)
    return [ops.sort(a), ops.sort(b, axis=1), number(ops.argsort(a)) * b, number(ops.argsort(b, axis=-2)),
            values, number(places), ops.top_k(b, 1, sorted=False)[0], ops.sort(ops.relu(a)) * a,
            ops.take_along_axis(b, ops.argsort(a), axis=-1)]


@expression("ops_quantiles", (5, 4), (5, 4), rate=1e-3)
def quantiles(ops, a, b):
    return [ops.median(a, axis=1), ops.median(b, axis=(1, 2), keepdims=True), ops.quantile(a, 0.3, axis=-1),
            ops.percentile(b, 37.5, axis=1, method="lower"), ops.percentile(b, 60, axis=1, method="higher"),
            ops.percentile(a, 42, axis=2, method="nearest"), ops.quantile(b, 1.0, axis=1, keepdims=True),
            ops.percentile(a, 55, axis=2, method="midpoint")]


@expression("ops_fourier", (6, 5), (6, 5), rate=1e-3)
def fourier(ops, a, b):
    real, imaginary = ops.fft((a, b))
    back = ops.ifft2(ops.fft2((a, b)))
    half, other = ops.rfft(b), ops.rfft(a, fft_length=8)
    return [real, imaginary, back[0], back[1], *half, *other, ops.irfft((a, b)),
            ops.irfft(half, fft_length=5), ops.irfft((a, b), fft_length=9)]


@expression("ops_short_time_fourier", (40,), (40,))
def short_time_fourier(ops, a, b):
    odd = np.linspace(0.2, 1, 7).tolist()
    first, second = ops.stft(a, 12, 4, 16), ops.stft(b, 9, 5, 10, "hamming", center=False)
    third = ops.stft(a, 7, 6, 8, odd)
    plain = ops.stft(b, 6, 6, 6, None, center=False)
    return [*first, *second, *third, *plain, ops.istft(first, 12, 4, 16),
            ops.istft(second, 9, 5, 10, 30, "hamming", center=False),
            ops.istft(plain, 6, 6, 6, window=None, center=False)]


@expression("ops_systems", (4, 4), (4, 4), rate=1e-4)
def systems(ops, a, b):
    matrix = a + 2 * np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], "float32")
    positive = ops.matmul(a, ops.transpose(a, (0, 2, 1))) + np.eye(4, dtype="float32")
    factor = ops.cholesky(positive)
    sign, size = ops.slogdet(matrix)
    row = lambda x: ops.expand_dims(x, -1)
    return [factor, ops.cholesky(positive, upper=True), ops.inv(matrix), ops.solve(matrix, b),
            ops.solve(matrix, b[:, 0]), ops.solve_triangular(factor, b, lower=True),
            ops.solve_triangular(positive, b), ops.cholesky_inverse(factor), row(ops.det(matrix)), row(sign),
            row(size), row(ops.logdet(positive))]


@expression("ops_qr", (5, 3), (3, 5), (4, 4), rate=1e-3)
def orthogonal(ops, tall, wide, square):
    return [*ops.qr(tall), *ops.qr(wide)[:1], *ops.qr(square), ops.qr(wide)[1] * 0.5]


@expression("ops_qr_complete", (5, 3), (3, 5), predict_only=True)
def orthogonal_complete(ops, tall, wide):
    flat = ops.concatenate([tall[:, :1], 0 * tall[:, 1:]], 1)  # reflections of nothing
    return [*ops.qr(tall, mode="complete"), *ops.qr(wide, mode="complete"), *ops.qr(flat)]
