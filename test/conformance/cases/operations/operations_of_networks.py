"""Nodes of keras.ops that layers mean too: convolutions, pooling, normalizations, attention,
cross-entropies; and those on images. See operations.py."""
import numpy as np

from case import bits, labels, normal, uniform
from .operations import expression


def kernel(*shape):
    """Weights of this shape, the same in every run."""
    count = int(np.prod(shape))
    return (0.3 * np.cos(np.arange(count) * 1.7)).reshape(shape).astype("float32")


@expression("ops_convolutions", (8, 9, 4), rate=1e-2)
def convolutions(ops, x):
    line = x[:, 0]
    return [ops.conv(x, kernel(3, 2, 4, 3), strides=(2, 1), padding="same"),
            ops.conv(x, kernel(2, 2, 4, 3), dilation_rate=2),
            ops.conv(line, kernel(3, 4, 2), padding="same"),
            ops.depthwise_conv(x, kernel(3, 3, 4, 2), strides=2),
            ops.depthwise_conv(line, kernel(2, 4, 1), padding="same", dilation_rate=2),
            ops.separable_conv(x, kernel(2, 3, 4, 1), kernel(1, 1, 4, 2), padding="same")]


@expression("ops_pooling", (6, 7, 3))
def pooling(ops, x):
    first = ops.transpose(x, (0, 3, 1, 2))
    line = x[:, 1]
    return [ops.max_pool(x, 2), ops.max_pool(x, (3, 2), strides=(1, 2), padding="same"),
            ops.average_pool(x, (2, 3), padding="same"), ops.average_pool(line, 3, strides=1),
            ops.max_pool(first, 2, strides=1, data_format="channels_first")]


@expression("ops_normalizations", (4, 6), (6,))
def normalizations(ops, x, y):
    scale, shift = kernel(6) + 1, kernel(6)
    return [ops.layer_normalization(x, scale, shift), ops.layer_normalization(x, axis=1, epsilon=1e-2),
            ops.layer_normalization(x, gamma=kernel(4, 6), axis=(1, 2)),
            ops.layer_normalization(x, gamma=y[:, None] + 1, beta=y[:, None]),
            ops.rms_normalization(x), ops.rms_normalization(x, scale=scale, epsilon=1e-3),
            ops.rms_normalization(x, scale=y[:, None], axis=[-1, 1]),
            ops.batch_normalization(x, shift, scale, axis=-1, epsilon=1e-2),
            ops.batch_normalization(x, kernel(4), kernel(4) + 1, axis=1, offset=kernel(4), scale=kernel(4) + 2)]


@expression("ops_attention", (5, 4, 6), (3, 2, 6))
def attention(ops, q, k):
    mask = np.tril(np.ones((5, 3), "bool"))
    bias = kernel(1, 4, 5, 3)
    return [ops.dot_product_attention(q, q, q, is_causal=True),
            ops.dot_product_attention(q, k, 2 * k, scale=0.7),
            ops.dot_product_attention(q, k, k, bias=bias, mask=mask),
            ops.glu(q), ops.glu(q, axis=2), ops.sparsemax(k), ops.sparsemax(k, axis=1)]


@expression("ops_scores", (4, 3), (4, 3), (4,), (4, 3), rate=5e-3,
            sources=[normal(4, 3), uniform(4, 3), labels(3, 4), bits(4, 3)],
            dtypes=["float32", "float32", "int32", "int32"], mixes_rows=True)
def scores(ops, x, target, label, flags):
    flags = ops.cast(flags, "float32")
    probabilities = ops.softmax(3 * x)
    target = ops.softmax(target)
    return [ops.binary_crossentropy(flags, ops.sigmoid(20 * x)),
            ops.binary_crossentropy(flags, x, from_logits=True),
            ops.binary_crossentropy(flags, 0.5 * target + 0.2),
            ops.categorical_crossentropy(target, probabilities),
            ops.categorical_crossentropy(target, x, from_logits=True),
            ops.categorical_crossentropy(target, x * x + 0.1),
            ops.sparse_categorical_crossentropy(label, 40 * x, from_logits=True),
            ops.sparse_categorical_crossentropy(label[..., None], probabilities),
            ops.sparse_categorical_crossentropy(label, target * 0.9 + 0.01),
            ops.cast(ops.in_top_k(label[:, 0], x[:, 1], 2), "float32")[:, None] * x[:, 0],
            ops.psnr(x, target, 2.0) / 20 * x]


@expression("ops_images", (6, 8, 3), rate=5e-4)
def images(ops, x):
    first = ops.transpose(x, (0, 3, 1, 2))
    return [ops.image.rgb_to_grayscale(x),
            ops.image.rgb_to_grayscale(first, data_format="channels_first"),
            ops.image.resize(x, (9, 5)), ops.image.resize(first, (4, 12), interpolation="bicubic",
                                                          data_format="channels_first"),
            ops.image.resize(x, (4, 4), crop_to_aspect_ratio=True, interpolation="nearest"),
            ops.image.pad_images(x, 1, 2, target_height=9, right_padding=0),
            ops.image.crop_images(x, top_cropping=1, bottom_cropping=2, left_cropping=3, target_width=4),
            ops.image.crop_images(first, 1, 0, target_height=3, target_width=8,
                                  data_format="channels_first"),
            ops.image.sobel_edges(x), ops.image.gaussian_blur(x, (3, 5), (0.8, 1.5)),
            ops.depth_to_space(ops.concatenate([x, x[..., :1]], -1), 2), ops.space_to_depth(x, 2),
            ops.space_to_depth(first, 2, data_format="channels_first")]


@expression("ops_patches", (6, 8, 3), (4, 4, 4, 2), sources=[normal(6, 8, 3), uniform(4, 4, 4, 2)])
def patches(ops, x, volumes):
    return [ops.image.extract_patches(x, 2), ops.image.extract_patches(x, (3, 2), strides=(2, 1)),
            ops.image.extract_patches(x, 3, strides=2, padding="same"),
            ops.image.extract_patches(x, (2, 3), strides=1, dilation_rate=2),
            ops.image.extract_patches(volumes, (2, 2, 4)),
            ops.nn.unfold(ops.transpose(x, (0, 3, 1, 2)), (2, 3), padding=1, stride=(2, 3))]


def steps_of(low, high):
    """How many steps, or labels, each row has."""
    return lambda random, rows: random.integers(low, high + 1, rows).astype("int32")


@expression("ops_alignment", (7, 5), (4,), (), (), rate=1e-3,
            sources=[normal(7, 5), labels(5, 4), steps_of(0, 4), steps_of(3, 7)],
            dtypes=["float32", "int32", "int32", "int32"])
def alignment(ops, x, target, count, steps):
    decoded, score = ops.ctc_decode(x, steps)
    repeated, _ = ops.ctc_decode(x, steps, merge_repeated=False, mask_index=2)
    return [ops.ctc_loss(target, x, count, steps)[:, None] * 1e-2,
            ops.ctc_loss(target, x, count, steps, mask_index=3)[:, None] * 1e-2, score,
            ops.cast(decoded[0], "float32"), ops.cast(repeated[0], "float32")]


@expression("ops_fold", (12, 12), (18, 4), (8, 3))
def folded(ops, a, b, c):
    """Patches that overlap, that are apart, and that are spread out."""
    return [ops.nn.fold(a, (4, 5), 2), ops.nn.fold(b, (5, 5), (3, 3), stride=2),
            ops.nn.fold(c, (3, 4), (2, 2), dilation=(2, 1), padding=(0, 0), stride=1),
            ops.nn.fold(a, (2, 3), (2, 2), padding=1)]


@expression("ops_ssim", (12, 13, 3), (12, 13, 3), rate=1e-3)
def structural_similarity(ops, a, b):
    row = lambda x: ops.expand_dims(x, -1)
    return [row(ops.image.ssim(a, b)), row(ops.image.ssim(a, a * b, max_val=2.0, filter_size=7, filter_sigma=0.8)),
            row(ops.image.ssim(a, b, filter_size=5, k1=0.1, k2=0.2)), row(ops.image.ssim(a, a))]
