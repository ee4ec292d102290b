"""Keras' image models with fresh weights, 96 x 96 pixels, a step so short that losses compare."""
from case import case, labels, uniform

STEP = 1e-5


def application(name, model_name):
    """Registers a case for one of Keras' applications."""

    @case(x=uniform(96, 96, 3, low=-1.0), y=labels(1000), rows=6, batch_size=6, epochs=2,
          application=True, name=name)
    def build(keras):
        model = getattr(keras.applications, model_name)(weights=None, input_shape=(96, 96, 3))
        model.compile(keras.optimizers.SGD(STEP, global_clipnorm=1.0),
                      "sparse_categorical_crossentropy")
        return model


application("resnet50", "ResNet50")
application("mobilenet_v2", "MobileNetV2")
application("vgg16", "VGG16")
application("densenet121", "DenseNet121")
application("inception_v3", "InceptionV3")
