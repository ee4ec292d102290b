"""Layers that change images at random in training. What they draw is fixed here: intervals of one number, and
probabilities of 0 and 1. They come first, for TensorFlow's gradient of a turned image is not that of
its formula."""
import numpy as np

from case import case, normal, uniform

from cases.chain import chain

IMAGES = uniform(6, 7, 3)
UNIT = {"value_range": (0, 1)}


def augmented(name, layers, shape=(6, 7, 3)):
    chain(name, shape, layers, source=uniform(*shape))


augmented("augmentation_rotation", lambda L: [L.RandomRotation((0.1, 0.1))])
augmented("augmentation_translation", lambda L: [L.RandomTranslation((0.2, 0.2), (-0.3, -0.3))])
augmented("augmentation_zoom", lambda L: [
    L.RandomZoom((0.3, 0.3), (-0.2, -0.2)), L.RandomZoom((0.6, 0.6))])
augmented("augmentation_far", lambda L: [
    L.RandomTranslation((1.0, 1.0), (-0.9, -0.9)), L.RandomRotation((-0.3, -0.3)),
    L.RandomZoom((1.0, 1.0), (0.9, 0.9))])
augmented("augmentation_constant", lambda L: [
    L.RandomRotation((0.1, 0.1), "constant", fill_value=0.3),
    L.RandomTranslation((-0.25, -0.25), (0.1, 0.1), "constant", "nearest", fill_value=-1.0)])
augmented("augmentation_nearest", lambda L: [
    L.RandomRotation((0.2, 0.2), "nearest"), L.RandomZoom((0.5, 0.5), fill_mode="nearest"),
    L.RandomTranslation((0.25, 0.25), (0.1, 0.1), "nearest", "nearest")])
augmented("augmentation_wrap", lambda L: [
    L.RandomTranslation((0.3, 0.3), (-0.4, -0.4), "wrap"), L.RandomRotation((0.05, 0.05), "wrap")])
augmented("augmentation_light", lambda L: [
    L.RandomBrightness((0.1, 0.1), **UNIT), L.RandomContrast((0.0, 0.0), **UNIT),
    L.RandomSharpness((0.3, 0.3), **UNIT), L.RandomGaussianBlur((1, 1), 3, (0.5, 0.5), **UNIT)])
augmented("augmentation_colors", lambda L: [
    L.RandomSaturation((0.3, 0.3), **UNIT), L.RandomColorDegeneration((0.4, 0.4), **UNIT),
    L.RandomHue((0.0, 0.0), **UNIT), L.RandomGrayscale(0.0), L.RandomInvert((1, 1), **UNIT)])
augmented("augmentation_jitter", lambda L: [
    L.RandomColorJitter((0, 1), (0.1, 0.1), (0.0, 0.0), (0.4, 0.4), (0.0, 0.0))])
augmented("augmentation_gray", lambda L: [L.RandomGrayscale(1.0)])
augmented("augmentation_levels", lambda L: [
    L.RandomPosterization((3, 3), **UNIT), L.Solarization(0.0, 0.0, **UNIT)])
augmented("augmentation_auto_contrast", lambda L: [L.AutoContrast(**UNIT)])
augmented("augmentation_nothing", lambda L: [
    L.RandomErasing((0.0, 0.0)), L.RandomPerspective((0.0, 0.0)), L.RandomPerspective(1.0, 0.0)])


@case(x=uniform(3, 6, 5), y=normal(2), rows=6, batch_size=6, epochs=4)
def augmentation_channels_first(keras):
    L, first = keras.layers, {"data_format": "channels_first"}
    model = keras.Sequential([
        keras.Input((3, 6, 5)), L.RandomTranslation((0.3, 0.3), (-0.4, -0.4), **first),
        L.RandomBrightness((0.1, 0.1), **UNIT), L.Flatten(), L.Dense(2)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=IMAGES, y=normal(2), rows=6, batch_size=6, epochs=4)
def augmentation_flip(keras):
    """Of images that are the same from all sides."""
    L, flip = keras.layers, keras.ops.flip
    inputs = keras.Input((6, 7, 3))
    images = inputs + flip(inputs, 1)
    images = L.RandomFlip()(images + flip(images, 2))
    model = keras.Model(inputs, L.Dense(2)(L.Flatten()(images)))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def maps(random, rows):
    """Projective maps near the one that changes nothing."""
    identity = np.array([1, 0, 0, 0, 1, 0, 0, 0], "float32")
    scale = np.array([0.2, 0.2, 2, 0.2, 0.2, 2, 0.02, 0.02], "float32")
    return identity + scale * random.uniform(-1, 1, (rows, 8)).astype("float32")


@case(x=[IMAGES, maps], y=normal(2), rows=6, batch_size=6, epochs=4)
def places_and_colors(keras):
    """Operations of keras.ops.image on images that are not trained."""
    L, image = keras.layers, keras.ops.image
    images, transform = keras.Input((6, 7, 3)), keras.Input((8,))
    fixed = np.array([0.8, 0.3, 1.0, -0.2, 1.1, 0.5, 0.01, 0.0], "float32")
    parts = [image.affine_transform(images, transform, fill_value=0.5),
             image.affine_transform(images, transform, "nearest", "reflect"),
             image.affine_transform(images, fixed[None], fill_mode="wrap"),
             image.rgb_to_hsv(images), image.hsv_to_rgb(images)]
    outputs = L.Dense(2)(L.Flatten()(L.Concatenate()(parts)))
    model = keras.Model([images, transform], outputs)
    model.compile(keras.optimizers.SGD(0.02), "mse")
    return model


@case(x=IMAGES, y=normal(2), rows=6, predict_only=True)
def augmentation_prediction(keras):
    L = keras.layers
    layers = [L.RandomFlip("horizontal"), L.RandomRotation(0.2), L.RandomZoom(0.1, 0.3),
              L.RandomTranslation(0.1, 0.2),
              L.RandomShear([0.1, 0.2], [0.0, 0.3]), L.RandomPerspective(), L.RandomContrast(0.2),
              L.RandomBrightness(0.1), L.RandomHue(0.1), L.RandomSaturation(0.4), L.RandomErasing(),
              L.RandomGaussianBlur(), L.RandomElasticTransform(), L.MixUp(), L.CutMix(), L.RandAugment(),
              L.AugMix()]
    return keras.Sequential([keras.Input((6, 7, 3)), *layers, L.Flatten(), L.Dense(2)])


def corners(random, rows):
    """The corners of images of 6 x 7 pixels, moved a little."""
    given = np.array([[0, 0], [6, 0], [0, 5], [6, 5]], "float32")
    return given + random.uniform(-1, 1, (rows, 4, 2)).astype("float32")


@case(x=[IMAGES, corners, corners], y=normal(2), rows=6, batch_size=6, epochs=4)
def perspective_transforms(keras):
    L, image = keras.layers, keras.ops.image
    images, start, end = keras.Input((6, 7, 3)), keras.Input((4, 2)), keras.Input((4, 2))
    fixed = np.array([[0, 0], [5, 1], [1, 5], [6, 4]], "float32")
    parts = [image.perspective_transform(images, start, end, fill_value=0.3),
             image.perspective_transform(images, start, end, "nearest"),
             image.perspective_transform(images, np.float32([[0, 0], [6, 0], [0, 5], [6, 5]])[None], fixed[None])]
    outputs = L.Dense(2)(L.Flatten()(L.Concatenate()(parts)))
    model = keras.Model([images, start, end], outputs)
    model.compile(keras.optimizers.SGD(0.02), "mse")
    return model
