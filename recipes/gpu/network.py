"""The network of src/train/network.ts in PyTorch, the losses of src/train/losses.ts, and its checkpoints."""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F

EPSILON = 1e-3
PIXEL_MEAN, PIXEL_SCALE = 118, 60


def layers_of(spec, template_cells=8):
    """(name, in, out, kernel, stride, norm) of the encoder and of the head, in the order in which they run."""
    encoder, channels = [], 3
    for i, s in enumerate(spec["stages"]):
        if s["kind"] == "conv":
            encoder.append((f"encoder.{i}", channels, s["channels"], s.get("kernel", 3), s.get("stride", 1), True))
            channels = s["channels"]
        else:
            encoder.append((f"encoder.{i}.a", channels, s["middle"], 3, 1, True))
            encoder.append((f"encoder.{i}.b", s["middle"], channels, 3, 1, True))
    encoder.append(("encoder.out", channels, spec["embedding"], 1, 1, False))
    width = spec["head"]["channels"]
    head = [("head.reduce", template_cells**2 + spec["embedding"], width, 1, 1, True)]
    head += [(f"head.{i}", width, width, 3, 1, True) for i in range(spec["head"]["depth"])]
    head += [("head.score", width, 1, 3, 1, False), ("head.box", width, 4, 3, 1, False)]
    return encoder, head


class Network:
    def __init__(self, spec, device, seed):
        self.spec = spec
        self.encoder, self.head_layers = layers_of(spec)
        self.layers = self.encoder + self.head_layers
        random = torch.Generator().manual_seed(seed)
        self.weights, self.mean, self.variance, self.batch = {}, {}, {}, {}
        for name, cin, cout, k, _, norm in self.layers:
            last = name in ("head.score", "head.box", "encoder.out")
            std = math.sqrt((1 if last else 2) / (k * k * cin)) * (0.1 if name == "head.box" else 1)
            w = torch.randn(cout, cin, k, k, generator=random) * std
            self.weights[f"{name}.filter"] = w.to(device).contiguous(memory_format=torch.channels_last)
            if norm:
                self.weights[f"{name}.scale"] = torch.full((cout,), 0.2 if name.endswith(".b") else 1.0, device=device)
                self.weights[f"{name}.offset"] = torch.zeros(cout, device=device)
                self.mean[name] = torch.zeros(cout, device=device)
                self.variance[name] = torch.ones(cout, device=device)
                self.batch[name] = (torch.zeros(cout, device=device), torch.ones(cout, device=device))
            else:
                bias = math.log(32) if name == "head.box" else -3.0 if name == "head.score" else 0.0
                self.weights[f"{name}.bias"] = torch.full((cout,), bias, device=device)
        for w in self.weights.values():
            w.requires_grad_(True)

    def _conv(self, x, layer, mode):
        name, _, _, k, stride, norm = layer
        w = self.weights
        if not norm:
            return F.conv2d(x, w[f"{name}.filter"], w[f"{name}.bias"], stride, k // 2)
        y = F.conv2d(x, w[f"{name}.filter"], None, stride, k // 2)
        mean, variance = (self.mean[name], self.variance[name]) if mode == "running" else self.batch[name]
        # With momentum 1 the "running" statistics are the batch's own, which the template's pass then uses.
        return F.batch_norm(y, mean, variance, w[f"{name}.scale"], w[f"{name}.offset"], mode == "batch", 1.0, EPSILON)

    def encode(self, crops, mode):
        """Crops `[n, 3, s, s]` 0..255 to embeddings. `mode`: statistics of the `batch`, of the batch `before`, or `running`."""
        x = ((crops - PIXEL_MEAN) / PIXEL_SCALE).contiguous(memory_format=torch.channels_last)
        at = 0
        for stage in self.spec["stages"]:
            if stage["kind"] == "conv":
                x = F.relu(self._conv(x, self.encoder[at], mode))
                at += 1
            else:
                inner = F.relu(self._conv(x, self.encoder[at], mode))
                x = F.relu(self._conv(inner, self.encoder[at + 1], mode) + x)
                at += 2
        return self._conv(x, self.encoder[at], mode)

    def head(self, template, search, mode):
        """Score logits `[n, S * S]` and distances `[n, S * S, 4]` of n pairs of embeddings."""
        n, c, s, _ = search.shape
        maps = torch.bmm(template.flatten(2).transpose(1, 2), search.flatten(2)) / math.sqrt(c)
        x = torch.cat([maps.view(n, -1, s, s), search], 1).contiguous(memory_format=torch.channels_last)
        for layer in self.head_layers[:-2]:
            x = F.relu(self._conv(x, layer, mode))
        with torch.autocast(x.device.type, enabled=False):
            score = self._conv(x.float(), self.head_layers[-2], mode).flatten(1)
            box = self._conv(x.float(), self.head_layers[-1], mode).clamp(-4, 6).exp()
        return score, box.flatten(2).transpose(1, 2)

    def keep_statistics(self, share):
        """Moves the running statistics towards those of the last batch."""
        for name, (mean, variance) in self.batch.items():
            self.mean[name].lerp_(mean, share)
            self.variance[name].lerp_(variance, share)

    def flat(self, weights):
        """All weights as one vector, filters `[k, k, in, out]`, as checkpoints have them."""
        parts = []
        for name, *_, norm in self.layers:
            parts.append(weights[f"{name}.filter"].detach().float().permute(2, 3, 1, 0).reshape(-1))
            parts += [weights[f"{name}.{v}"].detach().float() for v in (("scale", "offset") if norm else ("bias",))]
        return torch.cat(parts).cpu().numpy()

    def load(self, checkpoint):
        flat, at = checkpoint["average"], 0
        with torch.no_grad():
            for name, cin, cout, k, _, norm in self.layers:
                size = k * k * cin * cout
                w = torch.from_numpy(flat[at : at + size].copy()).view(k, k, cin, cout).permute(3, 2, 0, 1)
                self.weights[f"{name}.filter"].copy_(w)
                at += size
                for v in ("scale", "offset") if norm else ("bias",):
                    self.weights[f"{name}.{v}"].copy_(torch.from_numpy(flat[at : at + cout].copy()))
                    at += cout
                if norm:
                    self.mean[name].copy_(torch.from_numpy(checkpoint[f"{name}.mean"].copy()))
                    self.variance[name].copy_(torch.from_numpy(checkpoint[f"{name}.variance"].copy()))


def write_checkpoint(file, header, arrays):
    """The format of src/train/checkpoint.ts."""
    arrays = {k: np.ascontiguousarray(v, np.float32) for k, v in arrays.items()}
    head = json.dumps({"header": header, "lengths": {k: int(v.size) for k, v in arrays.items()}})
    with open(file, "wb") as f:
        f.write(b"siamtrack checkpoint 1\n" + head.encode() + b"\n")
        for v in arrays.values():
            f.write(v.tobytes())


def read_checkpoint(file):
    content = open(file, "rb").read()
    end = content.index(b"\n", 23)
    head, at, arrays = json.loads(content[23:end]), end + 1, {}
    for name, length in head["lengths"].items():
        arrays[name] = np.frombuffer(content, np.float32, length, at)
        at += 4 * length
    return head["header"], arrays


def soft_cross_entropy(logits, targets):
    return F.softplus(logits) - logits * targets


def balanced_logistic(logits, labels, weights):
    positive, negative = labels * weights, (1 - labels) * weights
    costs = soft_cross_entropy(logits, labels)
    mean = lambda w: (costs * w).sum() / w.sum().clamp_min(1)
    return (mean(positive) + mean(negative)) / 2


def pick(logits, labels, weights, shown):
    """src/train/losses.ts, pickLoss, of the pairs that show the target (`shown`, `[n]`, is 1)."""
    without = lambda kept: (logits + (kept - 1) * 1e4).logsumexp(1)
    return ((without(weights) - without(labels * weights)) * shown).mean()


def negative(logits, weights):
    costs = F.softplus(logits)
    worst = (costs * logits.softmax(1)).sum(1)
    return ((costs.mean(1) + worst) / 2 * weights).mean()


def box_iou_loss(a, b, weights):
    """1 - GIoU of distances `[n, m, 4]`, a weighted mean."""
    al, at, ar, ab = a.unbind(-1)
    bl, bt, br, bb = b.unbind(-1)
    inter = (torch.minimum(al, bl) + torch.minimum(ar, br)).relu() * (torch.minimum(at, bt) + torch.minimum(ab, bb)).relu()
    union = ((al + ar) * (at + ab) + (bl + br) * (bt + bb) - inter).clamp_min(1e-6)
    hull = ((torch.maximum(al, bl) + torch.maximum(ar, br)) * (torch.maximum(at, bt) + torch.maximum(ab, bb))).clamp_min(1e-6)
    measure = inter / union - (hull - union) / hull
    return ((1 - measure) * weights).sum() / weights.sum().clamp_min(1e-6)


def score_distillation(logits, probabilities):
    costs = soft_cross_entropy(logits, probabilities)
    full = (costs * probabilities / probabilities.sum(1, True).clamp_min(1)).sum(1)
    empty = 1 - probabilities
    rest = (costs * empty).sum(1) / empty.sum(1).clamp_min(1)
    return ((full + rest) / 2).mean()


def box_distillation(student, teacher, weights):
    costs = F.smooth_l1_loss(student.clamp_min(1e-3).log(), teacher.clamp_min(1).log(), reduction="none", beta=0.2).mean(-1)
    return (costs * weights).sum() / weights.sum().clamp_min(1)
