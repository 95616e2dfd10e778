"""A published tracker (NanoTrack v3, ONNX) in PyTorch, for whole batches."""

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def _weights(graph, device, dtype):
    named = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    return {k: v.to(device, dtype) if v.is_floating_point() else v for k, v in named.items()}


def _attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


class Teacher:
    """`embed` BGR 0..255 crops; `head` gives the probability of the target and l, t, r, b per cell of a 15 x 15 grid."""

    def __init__(self, folder, device):
        self.device = device
        self.dtype = torch.float16 if device == "cuda" else torch.bfloat16
        # Distances come as logarithms, for which bfloat16 is too coarse.
        self.head_dtype = torch.float16 if device == "cuda" else torch.float32
        self.backbone = onnx.load(f"{folder}/backbone.onnx").graph
        self.backbone_weights = _weights(self.backbone, device, self.dtype)
        head = onnx.load(f"{folder}/head.onnx").graph
        self.head_weights = _weights(head, device, self.head_dtype)
        # The graph of the head is for one pair: its convolutions are taken in their order, the correlations are written out.
        self.convs = [(n.input, _attributes(n)) for n in head.node if n.op_type == "Conv"]

    def embed(self, crops):
        w, values = self.backbone_weights, {self.backbone.input[0].name: crops.to(self.dtype)}
        get = lambda name: values[name] if name in values else w[name]
        for node in self.backbone.node:
            x, a = get(node.input[0]), _attributes(node)
            match node.op_type:
                case "Conv":
                    bias = get(node.input[2]) if len(node.input) > 2 else None
                    y = F.conv2d(x, get(node.input[1]), bias, a["strides"], a["pads"][:2], groups=a["group"])
                case "HardSwish":
                    y = F.hardswish(x)
                case "HardSigmoid":
                    y = F.hardsigmoid(x)
                case "Relu":
                    y = F.relu(x)
                case "GlobalAveragePool":
                    y = x.mean((2, 3), keepdim=True)
                case "Reshape":
                    y = x.flatten(1) if x.dim() == 4 else x.view(*x.shape, 1, 1)
                case "Gemm":
                    y = F.linear(x, get(node.input[1]), get(node.input[2]))
                case "Add":
                    y = x + get(node.input[1])
                case "Mul":
                    y = x * get(node.input[1])
                case other:
                    raise ValueError(f"expected an operator of NanoTrack's backbone, got {other}")
            values[node.output[0]] = y
        return values[self.backbone.output[0].name]

    def _conv(self, i, x):
        inputs, a = self.convs[i]
        w = self.head_weights
        return F.conv2d(x, w[inputs[1]], w[inputs[2]], a["strides"], a["pads"][:2], groups=a["group"])

    def _pixelwise(self, first, z, x):
        """Convolutions `first`..: every template cell against every search cell, channel attention, two convolutions."""
        n = len(z)
        a, b = self._conv(first, z).flatten(2), self._conv(first + 1, x).flatten(2)
        maps = torch.bmm(a.transpose(1, 2), b).view(n, -1, *x.shape[2:])
        gate = torch.sigmoid(self._conv(first + 3, F.relu(self._conv(first + 2, maps.mean((2, 3), keepdim=True)))))
        return self._conv(first + 5, self._conv(first + 4, maps * gate).clamp(0, 6))

    def _depthwise(self, first, z, x):
        a, b = self._conv(first, z), F.pad(self._conv(first + 1, x), (1, 1, 1, 1))
        size = b.shape[-1] - a.shape[-1] + 1
        total = 0
        for v in range(a.shape[-2]):
            for u in range(a.shape[-1]):
                total = total + b[:, :, v : v + size, u : u + size] * a[:, :, v : v + 1, u : u + 1]
        return total

    def _tower(self, first, x):
        for i in range(6):
            x = self._conv(first + 2 * i + 1, self._conv(first + 2 * i, x).clamp(0, 6))
        return x

    def head(self, z, x):
        z, x = z.to(self.head_dtype), x.to(self.head_dtype)
        centre = z[:, :, 2:6, 2:6]
        box = self._conv(18, torch.cat([self._pixelwise(0, z, x), self._depthwise(12, centre, x)], 1))
        score = self._conv(19, torch.cat([self._pixelwise(6, z, x), self._depthwise(15, centre, x)], 1))
        score = self._conv(32, self._tower(20, score)).float()
        box = self._conv(45, self._tower(33, box)).float().exp()
        return score.softmax(1)[:, 1], box
