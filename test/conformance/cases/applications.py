"""Keras' image models with fresh weights, 96 x 96 pixels, a step so short that losses compare, and
without Dropout, whose numbers would be others."""
from case import case, labels, uniform

STEP = 1e-5
# Those that every run of the tests compares; `--applications` compares all.
SAMPLE = {"resnet50", "mobilenet_v2", "vgg16", "densenet121", "inception_v3"}
FAMILIES = {
    "Xception": {"xception": "Xception"},
    "VGG": {"vgg16": "VGG16", "vgg19": "VGG19"},
    "ResNet": {"resnet50": "ResNet50", "resnet101": "ResNet101", "resnet152": "ResNet152"},
    "ResNetV2": {"resnet50_v2": "ResNet50V2", "resnet101_v2": "ResNet101V2",
                 "resnet152_v2": "ResNet152V2"},
    "Inception": {"inception_v3": "InceptionV3", "inception_resnet_v2": "InceptionResNetV2"},
    "MobileNet": {"mobilenet": "MobileNet", "mobilenet_v2": "MobileNetV2",
                  "mobilenet_v3_small": "MobileNetV3Small",
                  "mobilenet_v3_large": "MobileNetV3Large"},
    "DenseNet": {f"densenet{n}": f"DenseNet{n}" for n in (121, 169, 201)},
    "NASNet": {"nasnet_mobile": "NASNetMobile", "nasnet_large": "NASNetLarge"},
    "EfficientNet": {f"efficientnet_b{n}": f"EfficientNetB{n}" for n in range(8)},
    "EfficientNetV2": {f"efficientnet_v2_{n.lower()}": f"EfficientNetV2{n}"
                       for n in ("B0", "B1", "B2", "B3", "S", "M", "L")},
    "ConvNeXt": {f"convnext_{n.lower()}": f"ConvNeXt{n}"
                 for n in ("Tiny", "Small", "Base", "Large", "XLarge")},
}
NETWORKS = {name: network for family in FAMILIES.values() for name, network in family.items()}


def without_dropout(model):
    """The model with every rate of Dropout 0."""
    config = model.get_config()
    for layer in config["layers"]:
        if layer["class_name"] == "Dropout":
            layer["config"]["rate"] = 0.0
    return type(model).from_config(config)


def application(name, model_name):
    """Registers a case for one of Keras' applications."""

    @case(x=uniform(96, 96, 3, low=-1.0), y=labels(1000), rows=6, batch_size=6, epochs=2,
          application=True, name=name)
    def build(keras):
        network = getattr(keras.applications, model_name)
        model = without_dropout(network(weights=None, input_shape=(96, 96, 3)))
        model.compile(keras.optimizers.SGD(STEP, global_clipnorm=1.0),
                      "sparse_categorical_crossentropy")
        return model


for _name, _network in NETWORKS.items():
    application(_name, _network)
