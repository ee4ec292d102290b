"""The digits network's training step in PyTorch, eager."""
import torch

import protocol


def main():
    layers = []
    for kernel, bias in protocol.parameters():
        linear = torch.nn.Linear(*kernel.shape)
        linear.weight.data.copy_(torch.from_numpy(kernel.T))
        linear.bias.data.copy_(torch.from_numpy(bias))
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    x, y = (torch.from_numpy(a) for a in protocol.data())
    y = y.long()

    def once():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(x / 16), y).backward()
        optimizer.step()

    protocol.serve(once)


if __name__ == "__main__":
    main()
