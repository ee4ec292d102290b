"""Spectra of signals as a part of the model."""
import numpy as np

from case import case, normal


def compiled(keras, inputs, outputs, rate):
    outputs = [keras.layers.Flatten()(output) for output in outputs]
    outputs = outputs[0] if len(outputs) == 1 else keras.layers.Concatenate()(outputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(outputs))
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


@case(x=normal(40, 2), y=normal(2), rows=6, batch_size=6, epochs=4)
def stft_spectrogram_modes(keras):
    """The kernels are trained."""
    L = keras.layers
    inputs = keras.Input((40, 2))
    settings = {"log": {}, "magnitude": {"window": "hamming", "padding": "same", "frame_step": 5},
                "psd": {"scaling": "spectrum", "expand_dims": True}, "real": {"periodic": True},
                "imag": {"window": None, "fft_length": 32}, "stft": {"scaling": None, "window": "blackman"}}
    return compiled(keras, inputs, [L.STFTSpectrogram(mode, 12, **more)(inputs)
                                    for mode, more in settings.items()], 0.01)


@case(x=normal(2, 30), y=normal(2), rows=6, batch_size=6, epochs=4)
def stft_spectrogram_channels_first(keras):
    L = keras.layers
    inputs = keras.Input((2, 30))
    layers = [L.STFTSpectrogram("angle", 8, data_format="channels_first", expand_dims=True),
              L.STFTSpectrogram("magnitude", 8, 3, 16, data_format="channels_first", trainable=False,
                                window=np.linspace(0.1, 1, 8).tolist())]
    return compiled(keras, inputs, [layer(inputs) for layer in layers], 0.002)


@case(x=normal(200), y=normal(2), rows=6, batch_size=6, epochs=4, mixes_rows=True)
def mel_spectrogram(keras):
    """Decibels are relative to the largest value of the batch."""
    L = keras.layers
    inputs = keras.Input((200,))
    layers = [L.MelSpectrogram(64, 32, num_mel_bins=10, sampling_rate=2000, min_freq=50.0, top_db=20.0),
              L.MelSpectrogram(64, 20, 48, num_mel_bins=6, sampling_rate=4000, max_freq=1500.0,
                               window="hamming", power_to_db=False, mag_exp=1.0),
              L.MelSpectrogram(32, 16, 31, num_mel_bins=5, window=None, ref_power=2.0, min_power=1e-3)]
    return compiled(keras, inputs, [layer(inputs) for layer in layers], 1e-4)
