"""The way to PyTorch: the same network, layer by layer, with the same parameters."""

from .network import Activate, Dense, LearnedSlope
from .normalization import BatchNorm, LayerNorm


def to_torch(network, params):
    """An MLP with its parameters as a torch module, in float64 and evaluation mode; it gives `z`, before any head."""
    import torch
    from torch import nn

    functions = {
        "identity": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU, "prelu": nn.PReLU, "elu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU,
    }  # fmt: skip

    def copied(module, **values):
        module = module.double()
        for name, value in values.items():
            getattr(module, name).data.copy_(torch.tensor(value))
        return module

    modules = []
    for layer in network.layers:
        if isinstance(layer, Dense):
            new = copied(nn.Linear(layer.n_in, layer.n_out), weight=params[layer.W].T, bias=params[layer.b][0])
        elif isinstance(layer, Activate):
            new = functions[layer.activation.name]()
        elif isinstance(layer, LearnedSlope):
            new = copied(nn.PReLU(), weight=params[layer.a][0])
        elif isinstance(layer, LayerNorm):
            learned = {"weight": params[layer.gamma][0], "bias": params[layer.beta][0]}
            if isinstance(layer, BatchNorm):
                mean, variance = params.running[layer.mean][0], params.running[layer.variance][0]
                new = copied(nn.BatchNorm1d(layer.n), **learned, running_mean=mean, running_var=variance)
            else:
                new = copied(nn.LayerNorm(layer.n), **learned)
        else:
            new = nn.Dropout(layer.p)
        modules.append(new)
    return nn.Sequential(*modules).eval()
