"""Layers that are random in training: the identity in inference and without anything to drop.
Their training is tested in test_random.py."""
from cases.chain import chain


def all_of_them(L, rate):
    return [L.Dropout(rate, noise_shape=(None, 1, None, None)), L.SpatialDropout2D(rate),
            L.SpatialDropout2D(rate, data_format="channels_first"), L.Dense(4, "tanh"),
            L.Reshape((2, 2, 2, 4)), L.SpatialDropout3D(rate), L.Reshape((8, 4)),
            L.SpatialDropout1D(rate, seed=3), L.AlphaDropout(rate, noise_shape=(None, 8, 1)),
            L.GaussianDropout(rate), L.GaussianNoise(rate)]


chain("random_layers_in_inference", (4, 2, 3), lambda L: all_of_them(L, 0.4), predict_only=True)
chain("random_layers_of_nothing", (4, 2, 3), lambda L: all_of_them(L, 0.0))
chain("activity_regularization", (6,), lambda L: [
    L.Dense(5, "tanh"), L.ActivityRegularization(l1=0.01, l2=0.02),
    L.ActivityRegularization(l2=0.1), L.Identity(), L.ActivityRegularization(l1=0.05)])
