"""Keras' image models with fresh weights, 96 x 96 pixels, a step so short that losses compare."""
from case import case, labels, uniform

STEP = 1e-5


def application(make):
    """Registers a case for one of Keras' applications."""

    @case(x=uniform(96, 96, 3, low=-1.0), y=labels(1000), rows=6, batch_size=6, epochs=2,
          application=True, name=make.__name__)
    def build(keras):
        model = make(keras.applications)(weights=None, input_shape=(96, 96, 3))
        model.compile(keras.optimizers.SGD(STEP, global_clipnorm=1.0),
                      "sparse_categorical_crossentropy")
        return model


@application
def resnet50(applications):
    return applications.ResNet50


@application
def mobilenet_v2(applications):
    return applications.MobileNetV2


@application
def vgg16(applications):
    return applications.VGG16


@application
def densenet121(applications):
    return applications.DenseNet121


@application
def inception_v3(applications):
    return applications.InceptionV3
