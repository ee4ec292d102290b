"""Pooling and global pooling, with ties among the maxima."""
from cases.chain import chain

FIRST = {"data_format": "channels_first"}


def steps(*shape):
    """Few different values, so that windows hold ties; none is zero."""
    return lambda random, rows: random.integers(1, 4, (rows, *shape)).astype("float32")


# A trained layer in front, so that the gradient that pooling sends back is seen.
chain("max_pooling", (8, 6, 3), lambda L: [L.Conv2D(4, 1), L.MaxPooling2D(), L.MaxPooling2D(2, 1)])
chain("max_pooling_odd", (9, 7, 2), lambda L: [L.Conv2D(4, 1), L.MaxPooling2D(3, 2),
                                               L.MaxPooling2D((2, 1), (1, 3))])
chain("max_pooling_same", (9, 8, 2), lambda L: [L.Conv2D(4, 1), L.MaxPooling2D(3, 2, "same"),
                                                L.MaxPooling2D(2, 3, "same")])
chain("max_pooling_same_negative", (5, 5, 2), lambda L: [
    L.Conv2D(3, 1), L.Rescaling(1.0, -9.0),
    L.MaxPooling2D(4, 2, "same")], rate=0.001)
chain("max_pooling_overlapping", (8, 8, 2), lambda L: [L.Conv2D(3, 1), L.MaxPooling2D(4, 1),
                                                       L.MaxPooling2D((3, 2), 1, "same")])
chain("max_pooling_gaps", (9, 9, 2), lambda L: [L.Conv2D(3, 1), L.MaxPooling2D(2, 3)])
chain("max_pooling_ties", (6, 6, 2), lambda L: [L.DepthwiseConv2D(1, depthwise_initializer="ones"),
                                                L.MaxPooling2D(3, 2, "same"), L.Conv2D(3, 2)],
      source=steps(6, 6, 2), rate=0.002)
chain("max_pooling_after_relu", (8, 8, 2), lambda L: [
    L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(3, 2, activation="relu"),
    L.MaxPooling2D()])
chain("max_pooling_channels_first", (3, 8, 7), lambda L: [
    L.Conv2D(4, 1, **FIRST), L.MaxPooling2D(2, **FIRST), L.MaxPooling2D(2, 1, "same", **FIRST)],
      rate=0.005)
chain("max_pooling_1d", (9, 3), lambda L: [
    L.Conv1D(4, 1), L.MaxPooling1D(), L.MaxPooling1D(3, 1, "same")])
chain("max_pooling_1d_channels_first", (3, 9), lambda L: [
    L.Conv1D(4, 1, **FIRST), L.MaxPooling1D(3, 2, **FIRST)])
chain("max_pooling_3d", (5, 4, 6, 2), lambda L: [L.Conv3D(3, 1), L.MaxPooling3D(2, 1),
                                                 L.MaxPooling3D((2, 1, 3), 2, "same")],
      rate=0.005)
chain("max_pooling_3d_channels_first", (2, 4, 4, 4), lambda L: [
    L.Conv3D(3, 1, **FIRST), L.MaxPooling3D(**FIRST)])
chain("max_pooling_large_window", (13, 13, 2), lambda L: [L.Conv2D(3, 1), L.MaxPooling2D(12, 1)])
chain("max_pooling_partial_batches", (6, 6, 2), lambda L: [L.Conv2D(4, 3), L.MaxPooling2D()],
      rows=7, batch_size=4, epochs=2)

chain("average_pooling", (8, 6, 3), lambda L: [L.Conv2D(4, 1), L.AveragePooling2D(2),
                                               L.AveragePooling2D(2, 1)])
chain("average_pooling_odd", (9, 7, 2), lambda L: [L.Conv2D(4, 1), L.AveragePooling2D(3, 2),
                                                   L.AveragePooling2D((2, 1), (1, 3))])
chain("average_pooling_same", (9, 8, 2), lambda L: [
    L.Conv2D(4, 1), L.AveragePooling2D(3, 1, "same"), L.AveragePooling2D(3, 2, "same"),
    L.AveragePooling2D((2, 3), 2, "same")])
chain("average_pooling_same_one_side", (8, 9, 2), lambda L: [
    L.Conv2D(4, 1), L.AveragePooling2D((2, 3), (2, 2), "same")])
chain("average_pooling_channels_first", (3, 8, 7), lambda L: [
    L.Conv2D(4, 1, **FIRST), L.AveragePooling2D(3, 2, "same", **FIRST)])
chain("average_pooling_1d", (9, 3), lambda L: [L.Conv1D(4, 1), L.AveragePooling1D(2),
                                               L.AveragePooling1D(3, 2, "same")])
chain("average_pooling_3d", (5, 4, 6, 2), lambda L: [L.Conv3D(3, 1), L.AveragePooling3D(2, 1),
                                                     L.AveragePooling3D((2, 1, 3), 2, "same")])
chain("average_pooling_3d_channels_first", (2, 4, 4, 5), lambda L: [
    L.Conv3D(3, 1, **FIRST), L.AveragePooling3D(2, 2, "same", **FIRST)])

chain("global_average_pooling", (5, 4, 3), lambda L: [L.Conv2D(4, 2), L.GlobalAveragePooling2D()])
chain("global_average_pooling_kept", (5, 4, 3), lambda L: [
    L.Conv2D(4, 2), L.GlobalAveragePooling2D(keepdims=True), L.Conv2D(3, 1)])
chain("global_average_pooling_first", (3, 5, 4), lambda L: [
    L.Conv2D(4, 2, **FIRST), L.GlobalAveragePooling2D(keepdims=True, **FIRST)])
chain("global_average_pooling_1d", (7, 3), lambda L: [L.Conv1D(4, 2), L.GlobalAveragePooling1D()])
chain("global_average_pooling_1d_first", (3, 7), lambda L: [
    L.Conv1D(4, 2, **FIRST), L.GlobalAveragePooling1D(**FIRST)])
chain("global_average_pooling_3d", (3, 4, 3, 2), lambda L: [
    L.Conv3D(4, 2), L.GlobalAveragePooling3D(keepdims=True)])
chain("global_max_pooling", (5, 4, 3), lambda L: [L.Conv2D(4, 2), L.GlobalMaxPooling2D()])
chain("global_max_pooling_ties", (4, 4, 2), lambda L: [
    L.DepthwiseConv2D(1, depthwise_initializer="ones"),
    L.GlobalMaxPooling2D()], source=steps(4, 4, 2))
chain("global_max_pooling_first", (3, 5, 4), lambda L: [
    L.Conv2D(4, 2, **FIRST), L.GlobalMaxPooling2D(keepdims=True, **FIRST)])
chain("global_max_pooling_1d", (7, 3), lambda L: [
    L.Conv1D(4, 2), L.GlobalMaxPooling1D(keepdims=True)])
chain("global_max_pooling_3d", (3, 4, 3, 2), lambda L: [L.Conv3D(4, 2), L.GlobalMaxPooling3D()])
# Keras on TensorFlow cannot average everything into one element: its larger window does not fit.
chain("adaptive_pooling_1d", (7, 3), lambda L: [
    L.Conv1D(3, 1), L.AdaptiveAveragePooling1D(4), L.AdaptiveMaxPooling1D(6),
    L.AdaptiveMaxPooling1D(3)])
chain("adaptive_pooling_2d", (9, 7, 2), lambda L: [
    L.Conv2D(3, 2), L.AdaptiveAveragePooling2D((4, 5)), L.AdaptiveMaxPooling2D((3, 2)),
    L.AdaptiveAveragePooling2D(2)])
chain("adaptive_pooling_3d", (5, 4, 3, 2), lambda L: [
    L.Conv3D(3, 1), L.AdaptiveMaxPooling3D((3, 4, 2)), L.AdaptiveAveragePooling3D((2, 2, 3))])
chain("adaptive_pooling_channels_first", (2, 5, 7), lambda L: [
    L.AdaptiveMaxPooling2D((5, 4), data_format="channels_first"),
    L.AdaptiveAveragePooling2D((3, 3), data_format="channels_first")])
