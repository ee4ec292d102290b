"""A workload's training step in PyTorch, eager; images stand with channels last.

Usage: torch_peer.py WORKLOAD      (ResNet50, MobileNetV2 and VGG16 come from torchvision)
"""
import sys

import torch
from torch import nn

import protocol


class Scale(nn.Module):
    def forward(self, x):
        return x / 16


def mlp(*widths):
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers += [nn.Linear(i, o), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn():
    return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3),
                         nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
                         nn.Linear(1600, 10))


class Recurrent(nn.Module):
    """The last state of a recurrent layer, and a dense layer."""

    def __init__(self, layer, features, units):
        super().__init__()
        self.layer, self.head = layer(features, units, batch_first=True), nn.Linear(units, 10)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(*(
            nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, activation="gelu",
                                       batch_first=True, layer_norm_eps=1e-3) for _ in range(2)))
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.blocks(x).mean(1))


def application(name):
    def build():
        import torchvision

        return getattr(torchvision.models, name)(weights=None, num_classes=10)

    return build


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3, eps=1e-7, foreach=True)


def momentum(rate):
    return lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=0.9, foreach=True)


NETWORKS = {
    "digits": (lambda: nn.Sequential(Scale(), mlp(64, 128, 64, 10)), adam),
    "mlp_wide": (lambda: mlp(784, 1024, 1024, 10), momentum(1e-2)),
    "cnn_mnist": (cnn, adam),
    "lstm": (lambda: Recurrent(nn.LSTM, 32, 128), adam),
    "gru": (lambda: Recurrent(nn.GRU, 8, 32), adam),
    "transformer": (Transformer, adam),
    "resnet50": (application("resnet50"), momentum(1e-3)),
    "mobilenetv2": (application("mobilenet_v2"), momentum(1e-3)),
    "vgg16": (application("vgg16"), momentum(1e-3)),
}


def main():
    build, make_optimizer = NETWORKS[sys.argv[1]]
    model = build().train()
    x, y = (torch.from_numpy(a) for a in protocol.WORKLOADS[sys.argv[1]].random_batch())
    y = y.long()
    if x.dim() == 4:
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        model = model.to(memory_format=torch.channels_last)
    optimizer = make_optimizer(model.parameters())

    def once():
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    protocol.serve(once)


if __name__ == "__main__":
    main()
