"""What layers that change images at random draw: as often and as far as Keras says."""
import numpy as np
import pytest

import lamina

keras = pytest.importorskip("keras")
STEPS = 300


def draw(layer, image, kernel):
    """The sums of the changed image times the kernel in many steps that change no weight."""
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input(image.shape), layer, keras.layers.Flatten(), dense])
    dense.set_weights([kernel.reshape(-1, 1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    step = lamina.compile(model, batch_size=1)
    x, y = image[None], np.zeros((1, 1), "float32")
    return np.sqrt([step.train_on_batch(x, y)["loss"] for _ in range(STEPS)])


def expect_share(values, wanted, share):
    """That this share of the values is the wanted one, within four standard deviations."""
    hits = np.isclose(values, wanted, rtol=1e-4).mean()
    assert abs(hits - share) < 4 * np.sqrt(share * (1 - share) / STEPS)


def test_half_of_the_images_are_flipped():
    image = np.arange(12, dtype="float32").reshape(3, 4, 1)
    kernel = np.linspace(1, 2, 12, dtype="float32") ** 2
    values = draw(keras.layers.RandomFlip("horizontal"), image, kernel)
    expect_share(values, (image.ravel() * kernel).sum(), 0.5)
    expect_share(values, (image[:, ::-1].ravel() * kernel).sum(), 0.5)


@pytest.mark.parametrize("layer, share", [
    (lambda L: L.RandomGrayscale(0.3), 0.3),
    (lambda L: L.RandomInvert((0.6, 0.6), value_range=(0, 1)), 0.6),
    (lambda L: L.RandomInvert(0.5, value_range=(0, 1)), 0.25)])
def test_share_of_changed_images(layer, share):
    image = np.random.default_rng(0).uniform(0, 1, (4, 4, 3)).astype("float32")
    kernel = np.random.default_rng(1).uniform(0, 1, 48).astype("float32")
    expect_share(draw(layer(keras.layers), image, kernel), (image.ravel() * kernel).sum(), 1 - share)


@pytest.mark.parametrize("layer, low, high", [
    (lambda L: L.RandomBrightness(0.2, value_range=(0, 1)), 0.3, 0.7),
    (lambda L: L.RandomBrightness((0.1, 0.3), value_range=(0, 1)), 0.6, 0.8)])
def test_brightness_is_uniform(layer, low, high):
    image = np.full((2, 2, 1), 0.5, "float32")
    values = draw(layer(keras.layers), image, np.full(4, 0.25, "float32"))
    assert values.min() >= low - 1e-6 and values.max() <= high + 1e-6
    assert abs(values.mean() - (low + high) / 2) < 4 * (high - low) / np.sqrt(12 * STEPS)
    assert values.max() - values.min() > 0.9 * (high - low)


def test_translations_are_uniform():
    """Of a ramp, whose values tell how far it has moved."""
    image = np.broadcast_to(np.arange(20, dtype="float32")[None, :, None], (1, 20, 1)).copy()
    kernel = np.zeros(20, "float32")
    kernel[10] = 1
    values = draw(keras.layers.RandomTranslation((0, 0), 0.25), image, kernel)
    assert values.min() >= 5 - 1e-4 and values.max() <= 15 + 1e-4
    assert abs(values.mean() - 10) < 4 * 10 / np.sqrt(12 * STEPS)
    assert values.max() - values.min() > 9


def test_erased_part_of_an_image():
    layer = keras.layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.25), fill_value=0.0)
    values = draw(layer, np.ones((16, 16, 1), "float32"), np.full(256, 1 / 256, "float32"))
    assert np.allclose(values, 0.75, atol=0.07)


def test_each_image_is_changed_by_itself():
    image = np.arange(48, dtype="float32").reshape(4, 4, 3)
    values = draw(keras.layers.RandomZoom((-0.5, -0.1)), image,
                  np.linspace(0, 0.1, 48, dtype="float32") ** 2)
    assert len(np.unique(values.round(5))) > STEPS // 2
