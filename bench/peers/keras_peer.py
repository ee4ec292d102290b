"""A workload's model file trained by Keras, on the backend that KERAS_BACKEND names.

Usage: keras_peer.py WORKLOAD MODEL.keras
"""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402

import protocol  # noqa: E402


def main():
    model = keras.models.load_model(sys.argv[2])
    x, y = protocol.data(protocol.WORKLOADS[sys.argv[1]])
    protocol.serve(lambda: model.train_on_batch(x, y))


if __name__ == "__main__":
    main()
