"""Random Functional models: a seed draws inputs, layers, nodes of keras.ops and their wiring. Three
steps each. `--random-models N` runs the first N of them."""
import random

from case import case, normal

COUNT = 500
OPTION = "--random-models"  # how many of them run
MOST_ELEMENTS = 400  # of one row of one tensor
PREFIX = "random_model_"
INPUT_SHAPES = [(6,), (8,), (5, 4), (7, 3), (6, 5, 3), (5, 6, 2), (3, 4, 3, 2)]
ACTIVATIONS = ["tanh", "sigmoid", "softsign", "silu", "gelu", "elu", "selu", "softplus", "mish",
               "relu", "leaky_relu", "hard_tanh", "linear"]


def adaptive(layers, x, pooling):
    """The layer, where Keras on TensorFlow can run it: it cannot make more of one element."""
    return pooling if min(x.shape[1:-1]) > 1 else layers.Identity()


class Builder:
    """Draws one model. Moves are functions of a tensor that give the next one; `moves` lists those
    that its rank allows."""

    def __init__(self, keras, seed):
        self.keras, self.layers, self.ops = keras, keras.layers, keras.ops
        self.random = random.Random(seed)
        self.tensors, self.unused = [], []

    def pick(self, *choices):
        return self.random.choice(choices)

    def size(self, most):
        return self.random.randint(1, max(1, most))

    def activation(self):
        return self.random.choice(ACTIVATIONS)

    # Any rank

    def dense(self, x):
        return self.layers.Dense(self.size(6) + 1, self.activation(),
                                 use_bias=self.pick(True, False))(x)

    def normalization(self, x):
        """Never of single elements: what is left of one is rounding alone."""
        L, channels = self.layers, x.shape[-1]
        groups = self.pick(*[g for g in range(1, channels + 1) if channels % g == 0])
        if groups == channels and elements(x) == channels:
            groups = 1
        layer = self.pick(
            L.BatchNormalization(momentum=0.8), L.LayerNormalization(), L.RMSNormalization(),
            L.GroupNormalization(groups), L.LayerNormalization(axis=list(range(1, len(x.shape)))),
            L.UnitNormalization())
        is_of_one = channels == 1 and not isinstance(layer, L.BatchNormalization)
        return (L.Identity() if is_of_one else layer)(x)

    def elementwise_layer(self, x):
        L = self.layers
        return self.pick(
            L.Activation(self.activation()), L.PReLU(alpha_initializer="random_normal"),
            L.LeakyReLU(0.2), L.ELU(0.8), L.Softmax(), L.Rescaling(0.7, 0.1), L.Identity(),
            L.Dropout(0.0), L.GaussianNoise(0.0), L.ActivityRegularization(l2=0.01),
            L.Normalization(axis=None, mean=0.1, variance=2.0))(x)

    def operation(self, x):
        ops, axis = self.ops, self.random.randrange(1, len(x.shape))
        return self.pick(
            lambda: 0.5 * x + 0.3, lambda: x * x - x, lambda: ops.tanh(x) / 2, lambda: 1 - ops.sin(x),
            lambda: ops.sqrt(ops.square(x) + 0.3), lambda: ops.where(x > 0.1, x, 0.3 * x),
            lambda: ops.maximum(x, -0.5), lambda: ops.softmax(x, axis=axis), lambda: ops.silu(x),
            lambda: x - ops.mean(x, axis=axis, keepdims=True), lambda: ops.clip(x, -0.9, 0.9),
            lambda: x / (1 + ops.max(ops.abs(x), axis=axis, keepdims=True)),
            lambda: ops.flip(x, axis=axis), lambda: ops.roll(x, 1, axis=axis),
            lambda: ops.concatenate([x, -x], axis=axis), lambda: ops.logaddexp(x, 0.1))()

    def flatten(self, x):
        return self.layers.Flatten()(x)

    # Rows of vectors

    def expand(self, x):
        return self.layers.RepeatVector(self.size(3))(x)

    def fold(self, x):
        width = x.shape[-1]
        return self.layers.Reshape((-1, self.pick(*[d for d in (1, 2, 3) if width % d == 0])))(x)

    # Rows of sequences

    def sequence_convolution(self, x):
        L, padding, kernel = self.layers, self.pick("same", "valid", "causal"), 1
        if padding != "valid" or x.shape[1] > 2:
            kernel = self.pick(2, 3) if padding != "valid" else 2
        settings = {"padding": padding, "activation": self.activation()}
        if self.pick(True, False):
            settings[self.pick("strides", "dilation_rate")] = 1 if padding == "valid" else 2
        return self.pick(lambda: L.Conv1D(self.size(5), kernel, **settings),
                         lambda: L.SeparableConv1D(self.size(4), kernel, padding="same"))()(x)

    def sequence_pooling(self, x):
        L, size = self.layers, min(2, x.shape[1])
        return self.pick(L.MaxPooling1D(size), L.AveragePooling1D(size, 1, padding="same"),
                         adaptive(L, x, L.AdaptiveAveragePooling1D(max(2, self.size(4)))),
                         adaptive(L, x, L.AdaptiveMaxPooling1D(2)),
                         L.GlobalAveragePooling1D(keepdims=True), L.GlobalMaxPooling1D())(x)

    def sequence_shape(self, x):
        L = self.layers
        return self.pick(L.UpSampling1D(2), L.ZeroPadding1D((1, 0)), L.Permute((2, 1)),
                         L.SpatialDropout1D(0.0))(x)

    def sequence_contraction(self, x):
        ops, width = self.ops, self.size(4)
        return self.pick(
            lambda: self.layers.EinsumDense("abc,cd->abd", (None, width), bias_axes="d")(x),
            lambda: self.layers.EinsumDense("abc,bd->adc", (width, x.shape[2]))(x),
            lambda: ops.matmul(x, ops.transpose(x, (0, 2, 1))) / x.shape[2],
            lambda: self.layers.Dot(axes=(2, 2), normalize=True)([x, x]),
            lambda: ops.einsum("bij,bkj->bik", x, ops.tanh(x)) * 0.3,
            lambda: ops.mean(x, axis=1), lambda: x[:, 0], lambda: x[:, ::2, -1:])()

    def sequence_attention(self, x):
        """From the steps of x to those of another sequence, or its own. Heads have two features and
        more: a bias of heads x 1 Keras on TensorFlow adds along the steps where these are as many."""
        L, causal = self.layers, self.pick(True, False)
        other = self.pick(x, *[t for t in self.tensors if len(t.shape) == 3])
        alike = other if other.shape[-1] == x.shape[-1] else x
        if other in self.unused and other is not x:
            self.unused.remove(other)
        features = 1 + self.size(3)
        return self.pick(
            lambda: L.MultiHeadAttention(self.size(3), features, use_bias=self.pick(True, False),
                                         use_gate=self.pick(True, False))(
                x, other, use_causal_mask=causal),
            lambda: L.MultiHeadAttention(2, 2, value_dim=features, output_shape=1 + self.size(4),
                                         sliding_window=self.pick(None, 2))(
                x, other, use_causal_mask=causal),
            lambda: L.MultiHeadAttention(self.size(2), 3)(
                x, x, use_causal_mask=causal, return_attention_scores=True)[0],
            lambda: L.GroupQueryAttention(features, self.pick(2, 4), self.pick(1, 2))(
                x, alike, use_causal_mask=causal),
            lambda: L.Attention(use_scale=True, score_mode=self.pick("dot", "concat"))(
                [x, alike], use_causal_mask=causal),
            lambda: L.AdditiveAttention()([x, alike], use_causal_mask=causal))()

    # Rows of images

    def image_convolution(self, x):
        L = self.layers
        fits = min(x.shape[1:3]) > 1
        kernel, padding = self.pick(1, 2, (1, 2)) if fits else 1, self.pick("same", "valid")
        settings = {"padding": padding, "activation": self.activation()}
        return self.pick(
            lambda: L.Conv2D(self.size(5), kernel, **settings),
            lambda: L.Conv2D(self.size(5), kernel, strides=2, **settings),
            lambda: L.DepthwiseConv2D(kernel, depth_multiplier=self.size(2), **settings),
            lambda: L.SeparableConv2D(self.size(4), kernel, **settings),
            lambda: L.Conv2DTranspose(self.size(3), 2, strides=2, padding=padding))()(x)

    def image_pooling(self, x):
        L = self.layers
        return self.pick(
            L.MaxPooling2D(2, padding="same"), L.AveragePooling2D(2, 1, padding="same"),
            adaptive(L, x, L.AdaptiveAveragePooling2D((max(2, self.size(4)), max(2, self.size(3))))),
            adaptive(L, x, L.AdaptiveMaxPooling2D(2)),
            L.GlobalAveragePooling2D(), L.GlobalMaxPooling2D(keepdims=True))(x)

    def image_shape(self, x):
        L = self.layers
        return self.pick(
            L.Resizing(self.size(5), self.size(5)), L.Resizing(4, 3, "nearest"), L.CenterCrop(2, 3),
            L.UpSampling2D(2), L.ZeroPadding2D(((1, 0), (0, 1))), L.Permute((3, 1, 2)),
            L.Reshape((-1, x.shape[3])), L.SpatialDropout2D(0.0))(x)

    # Rows of volumes

    def volume(self, x):
        L = self.layers
        return self.pick(
            L.Conv3D(self.size(3), 2, padding="same", activation=self.activation()),
            L.MaxPooling3D(2, padding="same"), L.AveragePooling3D((2, 1, 1), padding="same"),
            L.GlobalAveragePooling3D(), L.Reshape((-1, x.shape[3], x.shape[4])),
            L.ZeroPadding3D(((0, 1), (0, 0), (1, 0))))(x)

    # Wiring

    def merge(self, x):
        """With another tensor: of the same shape, of one that fits but for one axis, or flat."""
        L, other = self.layers, self.random.choice(self.tensors)
        if other in self.unused:
            self.unused.remove(other)
        if other.shape == x.shape:
            return self.pick(L.Add(), L.Subtract(), L.Multiply(), L.Average(), L.Maximum(),
                             L.Minimum(), L.Concatenate())([x, other])
        if other.shape[:-1] == x.shape[:-1]:
            return L.Concatenate()([x, other])
        return L.Concatenate()([self.flatten(x), self.flatten(other)])

    def moves(self, x):
        shared = [self.dense, self.normalization, self.elementwise_layer, self.operation, self.merge]
        special = {
            2: [self.expand, self.fold],
            3: [self.sequence_convolution, self.sequence_pooling, self.sequence_shape,
                self.sequence_contraction, self.sequence_attention],
            4: [self.image_convolution, self.image_convolution, self.image_pooling,
                self.image_shape],
            5: [self.volume, self.volume],
        }
        return shared + special[len(x.shape)]

    def step(self):
        x = self.random.choice(self.unused)
        y = self.random.choice(self.moves(x))(x)
        if any(extent is None for extent in y.shape[1:]) or len(y.shape) > 5:
            return
        if elements(y) > MOST_ELEMENTS:
            y = self.layers.Dense(2)(self.flatten(y))
        if self.pick(True, True, False) and x in self.unused:
            self.unused.remove(x)
        self.tensors.append(y)
        self.unused.append(y)

    def optimizer(self, model):
        return self.pick("sgd", self.keras.optimizers.SGD(0.05, momentum=0.5),
                         self.keras.optimizers.RMSprop(0.002))

    def build(self, shapes):
        inputs = [self.keras.Input(shape) for shape in shapes]
        self.tensors, self.unused = list(inputs), list(inputs)
        return self.finish(inputs)

    def finish(self, inputs):
        """Draws moves until the model is large enough, and compiles it."""
        for _ in range(self.random.randint(4, 9)):
            self.step()
        flat = [self.flatten(x) for x in self.unused]
        merged = self.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
        model = self.keras.Model(inputs, self.layers.Dense(2)(merged))
        model.compile(self.optimizer(model), "mse")
        return model


def elements(x):
    count = 1
    for extent in x.shape[1:]:
        count *= extent
    return count


def register(seed):
    shapes = random.Random(seed).choices(INPUT_SHAPES, k=1 + seed % 2)

    def build(keras):
        return Builder(keras, seed).build(shapes)

    case(x=[normal(*shape) for shape in shapes], y=normal(2), name=f"{PREFIX}{seed}", rows=6,
         batch_size=6, epochs=3, noise=True)(build)


for number in range(COUNT):
    register(number)
