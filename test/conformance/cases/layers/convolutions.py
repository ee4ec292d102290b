"""Convolutions: plain, depthwise, separable, transposed; strides, dilations, paddings, formats."""
from cases.chain import chain

FIRST = {"data_format": "channels_first"}

# Two-dimensional, channels last.
chain("conv2d", (7, 6, 3), lambda L: [L.Conv2D(4, 3), L.Conv2D(3, (2, 3), activation="relu")])
chain("conv2d_same", (7, 6, 3), lambda L: [L.Conv2D(4, 3, padding="same", activation="tanh"),
                                            L.Conv2D(3, (2, 4), padding="same")])
chain("conv2d_stride_2", (9, 8, 3), lambda L: [L.Conv2D(4, 3, 2),
                                               L.Conv2D(2, 2, 2, activation="relu")])
chain("conv2d_stride_2_same", (9, 8, 3), lambda L: [L.Conv2D(4, 3, 2, "same", activation="relu"),
                                                    L.Conv2D(2, 2, 2, "same")])
chain("conv2d_stride_3_same", (11, 10, 2), lambda L: [L.Conv2D(4, 3, 3, "same"),
                                                      L.Conv2D(2, 4, (2, 3), "same")])
chain("conv2d_stride_above_kernel", (11, 10, 2), lambda L: [
    L.Conv2D(3, 1, 3), L.Conv2D(2, 2, 3, "same")])
chain("conv2d_uneven_strides", (9, 11, 2), lambda L: [L.Conv2D(3, (3, 2), (1, 3)),
                                                      L.Conv2D(2, (1, 3), (2, 1), "same")])
chain("conv2d_pointwise", (5, 4, 6), lambda L: [
    L.Conv2D(8, 1, activation="relu"), L.Conv2D(5, 1, 2),
                                                L.Conv2D(3, 1, use_bias=False)])
chain("conv2d_one_channel", (8, 8, 1), lambda L: [L.Conv2D(1, 3), L.Conv2D(17, 5, padding="same")])
chain("conv2d_whole_image", (5, 6, 3), lambda L: [L.Conv2D(4, (5, 6))])
chain("conv2d_large_kernel_same", (4, 5, 2), lambda L: [L.Conv2D(3, (7, 6), padding="same")])
chain("conv2d_dilation", (9, 8, 2), lambda L: [L.Conv2D(3, 3, dilation_rate=2),
                                               L.Conv2D(2, 2, dilation_rate=(3, 1))])
chain("conv2d_dilation_same", (9, 8, 2), lambda L: [
    L.Conv2D(3, 3, dilation_rate=(2, 3), padding="same", activation="relu"),
    L.Conv2D(2, (2, 3), dilation_rate=2, padding="same")])
chain("conv2d_groups", (6, 6, 4), lambda L: [L.Conv2D(6, 3, groups=2, activation="tanh"),
                                             L.Conv2D(6, 2, groups=3, padding="same")])
chain("conv2d_groups_strided", (7, 8, 6), lambda L: [L.Conv2D(9, 3, 2, "same", groups=3),
                                                     L.Conv2D(3, 2, groups=3, use_bias=False)])
chain("conv2d_groups_as_depthwise", (6, 5, 4), lambda L: [L.Conv2D(8, 3, groups=4)])
chain("conv2d_wide", (5, 5, 33), lambda L: [L.Conv2D(35, 3, padding="same"), L.Conv2D(20, 3)],
      rate=0.005)
chain("conv2d_settings", (6, 6, 3), lambda L: [
    L.Conv2D(4, 3, kernel_regularizer="l2", bias_regularizer="l2", kernel_constraint="max_norm",
             bias_initializer="random_normal", kernel_initializer="he_normal"),
    L.Conv2D(2, 3, activity_regularizer="l2", kernel_constraint="non_neg", activation="sigmoid")])
chain("conv2d_softmax", (6, 6, 3), lambda L: [L.Conv2D(4, 3, activation="softmax")])

# Channels first. No relu here: TensorFlow's XLA gets the gradient of the bias before it wrong, where
# Keras on JAX and Lamina agree.
chain("conv2d_channels_first", (3, 7, 6), lambda L: [
    L.Conv2D(4, 3, activation="tanh", **FIRST), L.Conv2D(2, (2, 3), 2, "same", **FIRST)])
chain("conv2d_channels_first_dilation", (2, 9, 8), lambda L: [
    L.Conv2D(3, (3, 2), dilation_rate=2, **FIRST),
    L.Conv2D(4, 2, groups=1, padding="same", **FIRST)])
chain("conv2d_channels_first_softmax", (3, 6, 5), lambda L: [
    L.Conv2D(4, 3, activation="softmax", **FIRST)])
chain("conv_formats_mixed", (3, 7, 6), lambda L: [
    L.Conv2D(4, 3, **FIRST), L.Permute((2, 3, 1)), L.Conv2D(3, 2, activation="tanh")])

# One and three dimensions.
chain("conv1d", (9, 3), lambda L: [
    L.Conv1D(4, 3, activation="relu"), L.Conv1D(3, 2, padding="same")])
chain("conv1d_strides", (11, 2), lambda L: [L.Conv1D(4, 3, 2, "same"), L.Conv1D(3, 2, 3)])
chain("conv1d_causal", (9, 3), lambda L: [L.Conv1D(4, 3, padding="causal", activation="relu"),
                                          L.Conv1D(3, 3, padding="causal", dilation_rate=2)])
chain("conv1d_causal_stride", (10, 2), lambda L: [L.Conv1D(4, 3, 2, padding="causal")])
chain("conv1d_dilation_groups", (12, 4), lambda L: [L.Conv1D(6, 3, dilation_rate=3, groups=2)])
chain("conv1d_channels_first", (3, 9), lambda L: [L.Conv1D(4, 3, activation="relu", **FIRST),
                                                  L.Conv1D(2, 3, 2, "same", **FIRST)])
chain("conv3d", (5, 4, 6, 2), lambda L: [L.Conv3D(3, 2, activation="relu"),
                                         L.Conv3D(2, (2, 3, 2), padding="same")])
chain("conv3d_strides", (5, 6, 7, 2), lambda L: [L.Conv3D(3, 3, (2, 1, 3), "same"),
                                                 L.Conv3D(2, (1, 2, 2), 2)])
chain("conv3d_dilation", (6, 5, 6, 1), lambda L: [L.Conv3D(2, 2, dilation_rate=(2, 1, 3))])
chain("conv3d_channels_first", (2, 5, 4, 5), lambda L: [
    L.Conv3D(3, 2, activation="tanh", **FIRST)])

# Depthwise and separable.
chain("depthwise", (7, 6, 3), lambda L: [L.DepthwiseConv2D(3, activation="relu"),
                                         L.DepthwiseConv2D(2, padding="same")])
chain("depthwise_multiplier", (6, 6, 3), lambda L: [
    L.DepthwiseConv2D(3, depth_multiplier=2),
    L.DepthwiseConv2D(2, depth_multiplier=3, use_bias=False)])
chain("depthwise_strides", (9, 9, 4), lambda L: [
    L.DepthwiseConv2D(3, 2, "same", activation="relu"), L.DepthwiseConv2D(2, 2)])
chain("depthwise_stride_3", (11, 10, 2), lambda L: [
    L.DepthwiseConv2D(3, 3, "same", depth_multiplier=2)])
chain("depthwise_dilation", (8, 9, 3), lambda L: [
    L.DepthwiseConv2D(3, dilation_rate=2, padding="same"), L.DepthwiseConv2D(2, dilation_rate=3)])
chain("depthwise_stride_and_dilation", (9, 9, 2), lambda L: [
    L.DepthwiseConv2D(3, 2, "same", dilation_rate=2), L.DepthwiseConv2D(2, 2, dilation_rate=2)])
chain("depthwise_wide", (5, 6, 19), lambda L: [
    L.DepthwiseConv2D(3, padding="same"), L.Conv2D(5, 1)])
chain("depthwise_channels_first", (3, 7, 6), lambda L: [
    L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu", **FIRST)])
chain("depthwise_settings", (6, 6, 3), lambda L: [
    L.DepthwiseConv2D(3, depthwise_regularizer="l2", depthwise_constraint="max_norm",
                      depthwise_initializer="he_uniform", bias_regularizer="l1",
                      bias_initializer="ones")])
chain("depthwise_1d", (9, 3), lambda L: [
    L.DepthwiseConv1D(3, depth_multiplier=2, activation="relu"),
                                         L.DepthwiseConv1D(2, 2, "same")])
chain("depthwise_1d_channels_first", (3, 10), lambda L: [
    L.DepthwiseConv1D(3, dilation_rate=2, **FIRST)])
chain("separable", (7, 6, 3), lambda L: [L.SeparableConv2D(4, 3, activation="relu"),
                                         L.SeparableConv2D(2, 2, padding="same", depth_multiplier=2)])
chain("separable_strides", (9, 9, 3), lambda L: [
    L.SeparableConv2D(4, 3, 2, "same", use_bias=False, pointwise_regularizer="l2",
                      depthwise_constraint="unit_norm")])
chain("separable_dilation", (8, 8, 2), lambda L: [L.SeparableConv2D(3, 3, dilation_rate=2)])
chain("separable_channels_first", (3, 7, 6), lambda L: [
    L.SeparableConv2D(4, 3, padding="same", **FIRST)])
chain("separable_1d", (9, 3), lambda L: [L.SeparableConv1D(4, 3, activation="relu"),
                                         L.SeparableConv1D(2, 2, 2, "same", depth_multiplier=3)])

# Transposed.
chain("transposed", (4, 5, 3), lambda L: [L.Conv2DTranspose(4, 3, activation="relu"),
                                          L.Conv2DTranspose(2, 2, padding="same")])
chain("transposed_stride_2", (4, 3, 3), lambda L: [L.Conv2DTranspose(4, 3, 2, activation="relu"),
                                                   L.Conv2DTranspose(2, 2, 2)])
chain("transposed_stride_2_same", (4, 3, 3), lambda L: [
    L.Conv2DTranspose(4, 3, 2, "same", activation="relu"), L.Conv2DTranspose(2, 4, 2, "same")])
chain("transposed_stride_3", (3, 4, 2), lambda L: [L.Conv2DTranspose(3, 2, 3),
                                                   L.Conv2DTranspose(2, (5, 3), (3, 1), "same")])
chain("transposed_output_padding", (4, 4, 2), lambda L: [
    L.Conv2DTranspose(3, 3, 2, "same", output_padding=1),
    L.Conv2DTranspose(2, 3, 2, "valid", output_padding=(0, 1))])
chain("transposed_output_padding_0", (4, 4, 2), lambda L: [
    L.Conv2DTranspose(3, 3, 2, "same", output_padding=0, use_bias=False)])
chain("transposed_dilation", (5, 5, 2), lambda L: [L.Conv2DTranspose(3, 3, dilation_rate=2),
                                                   L.Conv2DTranspose(2, 2, padding="same", dilation_rate=3)],
      jit=True)
chain("transposed_channels_first", (3, 4, 3), lambda L: [
    L.Conv2DTranspose(4, 3, 2, "same", activation="relu", **FIRST)])
chain("transposed_settings", (4, 4, 2), lambda L: [
    L.Conv2DTranspose(3, 3, kernel_regularizer="l2", bias_regularizer="l2",
                      kernel_constraint="max_norm", bias_initializer="random_normal")])
chain("transposed_1d", (5, 3), lambda L: [L.Conv1DTranspose(4, 3, 2, activation="relu"),
                                          L.Conv1DTranspose(2, 4, 3, "same")])
chain("transposed_1d_output_padding", (5, 2), lambda L: [
    L.Conv1DTranspose(3, 4, 3, output_padding=2)])
chain("transposed_3d", (3, 2, 3, 2), lambda L: [L.Conv3DTranspose(2, 3, (2, 1, 2), "same"),
                                                L.Conv3DTranspose(2, 2, 1)])

# Batches that are not full, and batches of one row.
chain("conv2d_partial_batches", (6, 6, 2), lambda L: [
    L.Conv2D(4, 3, activation="relu"), L.Conv2D(3, 2, 2)],
      rows=10, batch_size=4, epochs=2)
chain("conv2d_single_rows", (6, 6, 2), lambda L: [
    L.Conv2D(4, 3, padding="same", activation="relu")],
      rows=3, batch_size=1, epochs=2)
chain("depthwise_partial_batches", (6, 6, 3), lambda L: [
    L.DepthwiseConv2D(3, 2, "same"), L.Conv2D(4, 1)],
      rows=7, batch_size=4, epochs=2)
