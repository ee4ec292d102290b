#!/usr/bin/env python3
"""Deep networks of keras.applications as real Keras builds them, with fresh weights, and crops of two
photographs to train them on: which of the two does a crop come from?

Usage: model.py NETWORK OUT.keras     writes the compiled model; NETWORK: see --help
       model.py --data OUT.npz        writes x (ROWS, 96, 96, 3) in [0, 1] and y: 0 for the first
                                      photograph, 1 for the second (those of scikit-learn)
"""
import argparse
import pathlib

import numpy as np

SIZE = 96  # pixels of a side
NETWORKS = {"resnet50": "ResNet50", "mobilenet_v2": "MobileNetV2", "vgg16": "VGG16",
            "densenet121": "DenseNet121", "inception_v3": "InceptionV3"}


def build(network):
    import keras

    keras.utils.set_random_seed(0)
    model = getattr(keras.applications, NETWORKS[network])(
        weights=None, input_shape=(SIZE, SIZE, 3), classes=2)
    # Steps of a fixed length suit all five, with and without normalization.
    model.compile(keras.optimizers.SGD(1e-2, momentum=0.9, global_clipnorm=1.0),
                  "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def crops(rows):
    import sklearn.datasets
    import tensorflow as tf

    folder = pathlib.Path(sklearn.datasets.__file__).with_name("images")
    photographs = [tf.io.decode_jpeg((folder / name).read_bytes()).numpy()
                   for name in ("china.jpg", "flower.jpg")]
    random = np.random.default_rng(0)
    y = (np.arange(rows) % 2).astype("int32")
    x = np.empty((rows, SIZE, SIZE, 3), "float32")
    for row, label in enumerate(y):
        photograph = photographs[label]
        top, left = (random.integers(0, extent - SIZE + 1) for extent in photograph.shape[:2])
        x[row] = photograph[top:top + SIZE, left:left + SIZE] / 255
    return x, y


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="?", choices=NETWORKS)
    parser.add_argument("out", nargs="?")
    parser.add_argument("--data", metavar="OUT.npz")
    parser.add_argument("--rows", type=int, default=64)
    options = parser.parse_args()
    if options.data:
        x, y = crops(options.rows)
        np.savez(options.data, x=x, y=y)
    elif options.network and options.out:
        build(options.network).save(options.out)
    else:
        parser.error("give a network and a file to write it to, or --data")


if __name__ == "__main__":
    main()
