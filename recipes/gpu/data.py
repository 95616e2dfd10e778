"""Pictures and pairs of crops, all on the device: what src/train/data does in TypeScript, thousands of times a second."""

import json
import math
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

try:
    import cv2
except ImportError:  # On a GPU it is not needed.
    cv2 = None

TEMPLATE, SEARCH = 127, 255
MOST_TURNED = 1.8  # Radians either way.
LUMA = (0.299, 0.587, 0.114)


def _decode(job):
    path, spans = job
    out = []
    with open(path, "rb") as f:
        for offset, length in spans:
            f.seek(offset)
            picture = Image.open(BytesIO(f.read(length))).convert("RGBA")
            out.append(np.asarray(picture).copy().view(np.int32)[..., 0])
    return out


def mask_of(mask, size, cells=8, stride=16):
    """src/model/template-mask.ts: factors `[n, cells, cells]` for targets of `size` `[n, 2]` (width, height), template pixels."""
    distance = (torch.arange(cells, device=size.device) - cells / 2).abs() * stride
    share = ((size.unsqueeze(2) / 2 + mask["margin"] + stride / 2 - distance) / stride).clamp(0, 1)
    return mask["outside"] + (1 - mask["outside"]) * share[:, 1].unsqueeze(2) * share[:, 0].unsqueeze(1)


def shade_of(shade, size, pixels=TEMPLATE, rim=0.3):
    """src/model/template-mask.ts, shadeOf: how much of each pixel is kept, `[n, pixels, pixels]`."""
    distance = (torch.arange(pixels, device=size.device) - (pixels - 1) / 2).abs()
    power = (distance / (size.unsqueeze(2) / 2 + shade["margin"])) ** 4
    r = (power[:, 1].unsqueeze(2) + power[:, 0].unsqueeze(1)) ** 0.25
    return shade["outside"] + (1 - shade["outside"]) * (1 - (r - 1) / rim).clamp(0, 1)


def _turn(crops, angle, before, after):
    """Square crops `[k, 3, s, s]` mirrored by `before` (1 or -1), as they are when mirrored by `after` and then turned."""
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    rows = [torch.stack([before * cos * after, -before * sin, zero], 1), torch.stack([sin * after, cos, zero], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(crops.shape), align_corners=False)
    return F.grid_sample(crops, grid, padding_mode="border", align_corners=False)


class Pictures:
    """Decoded pictures, one flat tensor of packed RGBA pixels."""

    def __init__(self, packs, device, workers):
        jobs, self.meta = [], []
        for name, folder in packs:
            meta = json.loads((folder / f"{name}.json").read_text())
            self.meta += [dict(m, pack=name) for m in meta]
            for at in range(0, len(meta), 200):
                jobs.append((folder / f"{name}.bin", [(m["o"], m["n"]) for m in meta[at : at + 200]]))
        sizes = torch.tensor([[m["w"], m["h"]] for m in self.meta])
        area = sizes[:, 0] * sizes[:, 1]
        offset = torch.cumsum(area, 0) - area
        self.pixels = torch.empty(int(area.sum()), dtype=torch.int32, device=device)
        means, at = [], 0
        with ProcessPoolExecutor(workers) as pool:
            for pictures in pool.map(_decode, jobs):
                for p in pictures:
                    assert p.size == int(area[at]), "the index must tell each picture's size"
                    means.append(p.view(np.uint8).reshape(-1, 4)[::7, :3].mean(0))
                    at += 1
                chunk = torch.from_numpy(np.concatenate([p.ravel() for p in pictures]))
                end = int(offset[at - 1] + area[at - 1])
                self.pixels[end - chunk.numel() : end] = chunk.to(device)
        self.offset = offset.to(device)
        self.width, self.height = sizes.to(device).unbind(1)
        self.mean = torch.tensor(np.stack(means), dtype=torch.float32, device=device)

    def crop(self, index, view, size):
        """Bilinear crops `[n, 3, size, size]`, 0..255, of pictures `index`; outside is the picture's mean colour.

        `view`: centre x, y (pixel indices), picture pixels per crop pixel along x, y, rotation, mirror (1 or -1), each `[n]`.
        """
        if cv2 and self.pixels.device.type == "cpu":
            return self._crop_on_processor(index, view, size)
        cx, cy, sx, sy, angle, mirror = (v.view(-1, 1, 1) for v in view)
        steps = torch.arange(size, device=cx.device) - (size - 1) / 2
        i, j = steps.view(1, 1, -1), steps.view(1, -1, 1)
        cos, sin = torch.cos(angle), torch.sin(angle)
        x = cx + cos * sx * mirror * i - sin * sy * j
        y = cy + sin * sx * mirror * i + cos * sy * j
        right = (self.width[index] - 1).view(-1, 1, 1)
        bottom = (self.height[index] - 1).view(-1, 1, 1)
        inside = (x >= 0) & (y >= 0) & (x <= right) & (y <= bottom)
        x = torch.minimum(x.clamp_min(0), right.float())
        y = torch.minimum(y.clamp_min(0), bottom.float())
        x0, y0 = x.long(), y.long()
        fx, fy = (x - x0).unsqueeze(1), (y - y0).unsqueeze(1)
        at = self.offset[index].view(-1, 1, 1) + y0 * self.width[index].view(-1, 1, 1) + x0
        across = (x0 < right).long()
        down = (y0 < bottom).long() * self.width[index].view(-1, 1, 1)

        def colours(a):
            packed = self.pixels[a]
            return torch.stack([packed & 255, (packed >> 8) & 255, (packed >> 16) & 255], 1).float()

        top = torch.lerp(colours(at), colours(at + across), fx)
        low = torch.lerp(colours(at + down), colours(at + down + across), fx)
        fill = self.mean[index].view(-1, 3, 1, 1)
        return torch.where(inside.unsqueeze(1), torch.lerp(top, low, fy), fill)

    def _crop_on_processor(self, index, view, size):
        """`crop` by OpenCV, where gathering single pixels is slow: about ten times as fast."""
        out = np.empty((len(index), size, size, 4), np.float32)
        place = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        half = (size - 1) / 2
        for k, (at, cx, cy, sx, sy, angle, mirror) in enumerate(zip(index.tolist(), *(v.tolist() for v in view))):
            w, h = int(self.width[at]), int(self.height[at])
            start = int(self.offset[at])
            picture = self.pixels[start : start + w * h].numpy().view(np.uint8).reshape(h, w, 4)
            cos, sin = math.cos(angle), math.sin(angle)
            a, b, c, d = cos * sx * mirror, -sin * sy, sin * sx * mirror, cos * sy
            matrix = np.array([[a, b, cx - (a + b) * half], [c, d, cy - (c + d) * half]])
            fill = (*self.mean[at].tolist(), 255)
            out[k] = cv2.warpAffine(picture, matrix, (size, size), flags=place, borderMode=cv2.BORDER_CONSTANT, borderValue=fill)
        return torch.from_numpy(out[..., :3]).permute(0, 3, 1, 2).contiguous()


class Pairs:
    """Draws pairs of template and search crops. `shares`: how often each pack is drawn. `certain`: packs with exact boxes."""

    def __init__(self, pictures, shares, certain, held_out, device, options):
        self.pictures, self.device, self.options = pictures, device, options
        clips, stills, photos = {}, {}, {}
        for i, m in enumerate(pictures.meta):
            if "c" in m:
                clips.setdefault((m["pack"], m["c"]), []).append((i, m["b"][0]))
            elif "b" in m:
                stills.setdefault(m["pack"], []).extend((i, b, len(m["b"])) for b in m["b"] if min(b[2], b[3]) >= 10)
            else:
                photos.setdefault(m["pack"], []).append(i)
        tensor = lambda data, dtype=torch.float32: torch.tensor(data, dtype=dtype, device=device)
        picture, box, first, length, weight, exact = [], [], [], [], [], []
        self.names = []
        share_of = {}
        for (pack, clip), sightings in clips.items():
            kind = held_out(clip)
            if kind is None:
                continue
            share_of.setdefault((pack, kind), 0.0)
            share_of[(pack, kind)] += math.sqrt(len(sightings))
        for (pack, clip), sightings in clips.items():
            kind = held_out(clip)
            if kind is None:
                continue
            self.names.append(clip)
            first.append(len(picture))
            length.append(len(sightings))
            weight.append(shares.get((pack, kind), 0) * math.sqrt(len(sightings)) / share_of[(pack, kind)])
            exact.append(certain(pack, clip))
            for p, b in sightings:
                picture.append(p)
                box.append(b)
        self.clip_share = sum(weight)
        self.first, self.length = tensor(first, torch.long), tensor(length, torch.long)
        self.clip_weight, self.clip_exact = tensor(weight), tensor(exact, torch.bool)
        self.sight_picture, self.sight_box = tensor(picture, torch.long), tensor(box)
        picture, box, weight, exact = [], [], [], []
        for pack, objects in stills.items():
            seen = [self._seen(p, b) / n for p, b, n in objects]
            for (p, b, _), w in zip(objects, seen):
                picture.append(p)
                box.append(b)
                weight.append(shares.get((pack, ""), 0) * w / sum(seen))
                exact.append(certain(pack, ""))
        self.still_share = sum(weight)
        self.still_picture, self.still_box = tensor(picture, torch.long), tensor(box)
        self.still_weight, self.still_exact = tensor(weight), tensor(exact, torch.bool)
        picture, weight = [], []
        for pack, list_ in photos.items():
            picture += list_
            weight += [shares.get((pack, ""), 0) / len(list_)] * len(list_)
        self.photo_share = sum(weight)
        self.photo_picture, self.photo_weight = tensor(picture, torch.long), tensor(weight)

    def _seen(self, picture, box):
        """Share of an object's search region that is inside its picture: little is to be learnt from a filled border."""
        x, y, w, h = box
        m, p = self.pictures.meta[picture], (w + h) / 2
        half = math.sqrt((w + p) * (h + p)) * SEARCH / TEMPLATE / 2
        span = lambda c, size: max(0.0, min(size, c + half) - max(0.0, c - half))
        return span(x + w / 2, m["w"]) * span(y + h / 2, m["h"]) / (2 * half) ** 2

    def _uniform(self, n, low, high):
        return torch.rand(n, device=self.device) * (high - low) + low

    def _choose(self, n):
        """Picture and box of template and search, whether boxes are exact, and a number for what is shown."""
        total = self.clip_share + self.still_share + self.photo_share
        a = round(n * self.clip_share / total)
        b = round(n * self.still_share / total) if self.photo_share else n - a
        c = n - a - b
        parts = []
        if a:
            clip = torch.multinomial(self.clip_weight, a, True)
            length = self.length[clip]
            z = (torch.rand(a, device=self.device) * length).long()
            gap = self.options["gap"]
            low, high = (z - gap).clamp_min(0), torch.minimum(z + gap, length - 1)
            x = low + (torch.rand(a, device=self.device) * (high - low + 1)).long()
            z, x = self.first[clip] + z, self.first[clip] + x
            parts.append(
                (self.sight_picture[z], self.sight_box[z], self.sight_picture[x], self.sight_box[x], self.clip_exact[clip], clip)
            )
        if b:
            o = torch.multinomial(self.still_weight, b, True)
            p, box = self.still_picture[o], self.still_box[o]
            parts.append((p, box, p, box, self.still_exact[o], 10**6 + p))
        if c:
            p = self.photo_picture[torch.multinomial(self.photo_weight, c, True)]
            w, h = self.pictures.width[p].float(), self.pictures.height[p].float()
            side = torch.exp(torch.lerp(torch.full_like(w, math.log(24)), (torch.minimum(w, h) * 0.4).clamp_min(32).log(), torch.rand_like(w)))
            aspect = torch.exp(self._uniform(c, -0.7, 0.7))
            bw, bh = torch.minimum(w * 0.8, side * aspect), torch.minimum(h * 0.8, side / aspect)
            box = torch.stack([torch.rand_like(w) * (w - bw), torch.rand_like(w) * (h - bh), bw, bh], 1)
            # A mask tells what part of the template is meant: the extent of a random patch is exact then.
            exact = torch.full((c,), self.options.get("mask") is not None, device=self.device)
            parts.append((p, box, p, box, exact, 10**6 + p))
        order = torch.randperm(n, device=self.device)
        patch = torch.arange(n, device=self.device) >= a + b
        return [*(torch.cat(column)[order] for column in zip(*parts)), patch[order]]

    def draw(self, n):
        """Crops `[n, 3, s, s]` and truths: `box` `[n, 4]` (centre x, y from the crop's centre, width, height; search pixels)."""
        o = self.options
        strength = o["strength"]
        zp, zb, xp, xb, exact, source, patch = self._choose(n)
        u = self._uniform
        flip = torch.where(torch.rand(n, device=self.device) < 0.5, 1.0, -1.0)
        still = zp == xp
        side = lambda b: torch.sqrt((b[:, 2] + 0.5 * (b[:, 2] + b[:, 3])) * (b[:, 3] + 0.5 * (b[:, 2] + b[:, 3])))
        centre = lambda b: (b[:, 0] + b[:, 2] / 2 - 0.5, b[:, 1] + b[:, 3] / 2 - 0.5)
        zero = torch.zeros(n, device=self.device)

        zs = side(zb) / TEMPLATE * torch.exp(u(n, -0.04, 0.04) * strength)
        zx, zy = centre(zb)
        jitter = lambda: u(n, -2, 2) * zs * strength
        templates = self.pictures.crop(zp, (zx + jitter(), zy + jitter(), zs, zs, zero, flip), TEMPLATE)

        scale = side(xb) / TEMPLATE * torch.exp(u(n, -o["scale"], o["scale"]))
        aspect = torch.exp(u(n, -0.12, 0.12) * strength * torch.where(still, 1.5, 1.0))
        sx, sy = scale * aspect, scale / aspect
        reach = torch.where(torch.rand(n, device=self.device) < 0.5, o["shift"], o["shift"] / 3)
        dx, dy = u(n, -1, 1) * reach, u(n, -1, 1) * reach
        leaning = torch.rand(n, device=self.device) < torch.where(still, 0.5, 0.2)
        angle = torch.where(leaning, u(n, -0.2, 0.2) * strength, zero)
        mirrored = torch.rand(n, device=self.device) < o.get("mirrored", 0) * strength
        turned = torch.rand(n, device=self.device) < o.get("turned", 0) * strength
        angle = torch.where(turned, u(n, -1, 1) * MOST_TURNED, angle)
        mirror = torch.where(mirrored, -flip, flip)
        px, py = centre(xb)
        a, b = dx * sx * mirror, dy * sy
        cos, sin = torch.cos(angle), torch.sin(angle)
        searches = self.pictures.crop(xp, (px - (cos * a - sin * b), py - (sin * a + cos * b), sx, sy, angle, mirror), SEARCH)
        # A turned target is taken for an ellipse; what it is exactly, the teacher tells.
        w, h = xb[:, 2], xb[:, 3]
        w, h = torch.where(turned, torch.hypot(w * cos, h * sin), w), torch.where(turned, torch.hypot(w * sin, h * cos), h)
        exact = exact & ~turned
        box = torch.stack([dx, dy, w / sx, h / sy], 1)

        gone = torch.zeros(n, dtype=torch.bool, device=self.device)
        copies = torch.tensor([1e4, 1e4, 1, 1], device=self.device).expand(n, 4)
        if strength > 0:
            other, theirs = searches.roll(1, 0), box.roll(1, 0)
            moved = torch.rand(n, device=self.device) < o.get("transplant", 0) * torch.where(still, 1.0, 0.5)
            searches = self._transplant(searches, box, other, moved)
            searches = self._paste_distractor(searches, box, other, theirs, torch.randperm(n, device=self.device)[: round(n * o["distractor"])])
            grey = torch.rand(n, device=self.device) < 0.12
            # Without colour a recoloured target is the target.
            pick = lambda share, but: (torch.rand(n, device=self.device) < share) & ~but
            copied, recoloured = pick(o.get("lookAlike", 0), grey), pick(o.get("recoloured", 0), grey)
            covered = pick(o.get("covered", 0), recoloured)
            gone = covered | recoloured
            if copied.any():
                searches, pasted = self._paste_look_alike(searches, box, copied.nonzero()[:, 0])
                copies = torch.where(copied.view(-1, 1), pasted, copies)
            for some, by in (
                (recoloured.nonzero()[:, 0], lambda k: (self._recolour(searches[k], box[k]), self._shape(box[k]))),
                (covered.nonzero()[:, 0], lambda k: (other[k], self._shape(box[k], 1.15))),
            ):
                searches[some] = torch.lerp(searches[some], *by(some))
            searches = self._occlude(searches, box, other, torch.randperm(n, device=self.device)[: round(n * o["occlusion"])])
            s = strength * torch.where(still, 1.2, 0.8) * o.get("colour", 1)
            searches = self._colour(searches, s, 0.7, grey)
            templates = self._colour(templates, s * 0.7, 0.4, grey)
            self._lower_resolution(templates, searches, o["lowResolution"])
            self._blur(searches, 0.2 * strength, 9)
            self._blur(templates, 0.08 * strength, 4)
            some = torch.randperm(n, device=self.device)[: round(n * 0.15 * strength)]
            deviation = u(len(some), 2, 14).view(-1, 1, 1, 1)
            part = searches[some]
            searches[some] = (part + (torch.rand_like(part) - 0.5) * deviation * math.sqrt(12)).clamp(0, 255)
        drawn = {"templates": templates, "searches": searches, "box": box, "exact": exact, "source": source, "patch": patch}
        drawn |= {"gone": gone, "look-alikes": copies}
        changed = turned | mirrored
        whole = templates
        if changed.any():
            # The teacher need not know a turned target again: its template is turned, too.
            whole = templates.clone()
            whole[changed] = _turn(templates[changed], angle[changed], flip[changed], mirror[changed])
            drawn |= {"whole": whole, "changed": changed}
        if o.get("mask"):
            drawn["mask"] = mask_of(o["mask"], zb[:, 2:] / zs.unsqueeze(1))
        if o.get("shade"):
            kept = shade_of(o["shade"], zb[:, 2:] / zs.unsqueeze(1))
            fill = self.pictures.mean[zp].view(-1, 3, 1, 1)
            # The teacher sees the whole crop.
            drawn |= {"whole": whole, "templates": torch.lerp(fill, templates, kept.unsqueeze(1))}
        return drawn

    def _transplant(self, x, box, other, moved):
        """src/train/data/augment.ts, transplant: another background behind the target, where `moved`."""
        col = lambda v: v.view(-1, 1, 1)
        at = torch.arange(SEARCH, device=self.device) + 0.5 - SEARCH / 2
        reach = self._uniform(len(x), 1, 1.2)
        u = ((at.view(1, 1, -1) - col(box[:, 0])) / col(box[:, 2] / 2 * reach)).abs()
        v = ((at.view(1, -1, 1) - col(box[:, 1])) / col(box[:, 3] / 2 * reach)).abs()
        r = torch.where((u > 1) | (v > 1), torch.maximum(u, v), (u**4 + v**4) ** 0.25)
        kept = ((1 - r) / 0.15).clamp(0, 1)
        kept = torch.where(col(moved), kept, 1.0).unsqueeze(1)
        return torch.lerp(other, x, kept)

    def _paste(self, x, some, other, ok, width, height, from_x, from_y, to_x, to_y):
        """Copies rectangles of `other` over `x`, both `[k, 3, S, S]`, at top-left corners in crop pixels."""
        size = x.shape[-1]
        at = torch.arange(size, device=self.device)
        col = lambda v: v.view(-1, 1, 1)
        i, j = at.view(1, 1, -1), at.view(1, -1, 1)
        hit = col(ok) & (i >= col(to_x).round()) & (i < col(to_x + width).round())
        hit = hit & (j >= col(to_y).round()) & (j < col(to_y + height).round())
        u = (col(from_x) + i - col(to_x)).long().clamp(0, size - 1)
        v = (col(from_y) + j - col(to_y)).long().clamp(0, size - 1)
        index = (v * size + u).flatten(1).unsqueeze(1).expand(-1, 3, -1)
        copied = other[some].flatten(2).gather(2, index).view(-1, 3, size, size)
        x[some] = torch.where(hit.unsqueeze(1), copied, x[some])
        return x

    def _paste_distractor(self, x, box, other, theirs, some):
        own, their = box[some], theirs[some]
        k, half = len(some), SEARCH / 2
        reach = torch.maximum((own[:, 2] + their[:, 2]) / 2, (own[:, 3] + their[:, 3]) / 2)
        angle, distance = self._uniform(k, 0, 2 * math.pi), self._uniform(k, 0.8, 1.8) * reach
        px, py = own[:, 0] + angle.cos() * distance, own[:, 1] + angle.sin() * distance
        over = ((px - own[:, 0]).abs() < (own[:, 2] + their[:, 2]) / 2) & ((py - own[:, 1]).abs() < (own[:, 3] + their[:, 3]) / 2)
        ok = ~over & (their[:, 2:].amax(1) <= 150)
        w, h = their[:, 2], their[:, 3]
        return self._paste(
            x, some, other, ok, w, h,
            half + their[:, 0] - w / 2, half + their[:, 1] - h / 2, half + px - w / 2, half + py - h / 2,
        )  # fmt: skip

    def _shape(self, box, grow=1.0, rim=0.15):
        """1 within a box with rounded corners, 0 outside, `[n, 1, S, S]`."""
        col = lambda v: v.view(-1, 1, 1)
        at = torch.arange(SEARCH, device=self.device) + 0.5 - SEARCH / 2
        u = (at.view(1, 1, -1) - col(box[:, 0])) / col(box[:, 2] / 2 * grow)
        v = (at.view(1, -1, 1) - col(box[:, 1])) / col(box[:, 3] / 2 * grow)
        return ((1 - (u**4 + v**4) ** 0.25) / rim).clamp(0, 1).unsqueeze(1)

    def _recolour(self, x, box):
        """`x` `[k, 3, S, S]` in other colours, so that what is in `box` is visibly not what it was, or half of it is not."""
        k = len(x)
        size = lambda v: v.view(-1, 1, 1, 1)
        angle = self._uniform(k, 0.2, 1) * math.pi * torch.where(torch.rand(k, device=self.device) < 0.5, 1.0, -1.0)
        # Rotation about the axis of greys (Rodrigues).
        cos, sin = angle.cos().view(-1, 1, 1), angle.sin().view(-1, 1, 1)
        one = torch.full((3, 3), 1 / 3, device=self.device)
        cross = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=self.device) / math.sqrt(3)
        matrix = cos * torch.eye(3, device=self.device) + (1 - cos) * one + sin * cross
        turned = torch.bmm(matrix, x.flatten(2)).view_as(x).clamp(0, 255)
        shape = self._shape(box)
        change = lambda y: ((y - x).abs().mean(1, True) * shape).sum((1, 2, 3)) / shape.sum((1, 2, 3)).clamp_min(1)
        # What has no colour gets one, or the opposite brightness: black takes no tint, and the opposite of middle grey is itself.
        tint = (torch.rand(k, 3, device=self.device).argsort(1) * 0.5 + 0.4).view(k, 3, 1, 1)
        tints_first = size(torch.rand(k, device=self.device) < 0.7)
        for tints in (tints_first, ~tints_first):
            other = torch.where(tints, (turned * tint).clamp(0, 255), 255 - turned)
            turned = torch.where(size(change(turned) < 16), other, turned)
        at = torch.arange(SEARCH, device=self.device) + 0.5 - SEARCH / 2
        upper = (at.view(1, 1, -1, 1) < size(box[:, 1])).expand(-1, 1, -1, 1)
        left = (at.view(1, 1, 1, -1) < size(box[:, 0])).expand(-1, 1, 1, -1)
        part = torch.randint(0, 6, (k,), device=self.device)
        kept = ((size(part) == 0) & upper) | ((size(part) == 1) & ~upper) | ((size(part) == 2) & left)
        return torch.where(kept, x, turned)

    def _paste_look_alike(self, x, box, some):
        """A copy of the target in other colours beside it or partly behind it: same shape, not the target. Where copies are, too."""
        own, part, k, half = box[some], x[some], len(some), SEARCH / 2
        scale = torch.exp(self._uniform(k, -0.2, 0.2))
        their = own.clone()
        their[:, 2:] *= scale.view(-1, 1)
        reach = torch.maximum((own[:, 2] + their[:, 2]) / 2, (own[:, 3] + their[:, 3]) / 2)
        angle, distance = self._uniform(k, 0, 2 * math.pi), self._uniform(k, 0.5, 1.8) * reach
        # Inside the crop, or nobody sees it.
        their[:, 0] = own[:, 0] + angle.cos() * distance
        their[:, 1] = own[:, 1] + angle.sin() * distance
        outside = (their[:, :2].abs() > half * 0.9).any(1)
        their[:, :2] = torch.where(outside.view(-1, 1), 2 * own[:, :2] - their[:, :2], their[:, :2])
        mirror = torch.where(torch.rand(k, device=self.device) < 0.5, 1.0, -1.0)
        col = lambda v: v.view(-1, 1, 1)
        at = torch.arange(SEARCH, device=self.device) + 0.5 - half
        u = col(own[:, 0]) + (at.view(1, 1, -1) - col(their[:, 0])) * col(mirror / scale)
        v = col(own[:, 1]) + (at.view(1, -1, 1) - col(their[:, 1])) / col(scale)
        grid = torch.stack(torch.broadcast_tensors(u, v), 3) / half
        copy = F.grid_sample(self._recolour(part, own), grid, padding_mode="border", align_corners=False)
        shown = self._shape(their) * (1 - self._shape(own, 1.1))
        x[some] = torch.lerp(part, copy, shown)
        copies = box.clone()
        copies[some] = their
        return x, copies

    def _occlude(self, x, box, other, some):
        own, k, half = box[some], len(some), SEARCH / 2
        w, h = own[:, 2] * self._uniform(k, 0.2, 0.8), own[:, 3] * self._uniform(k, 0.2, 0.8)
        px = half + own[:, 0] + self._uniform(k, -0.6, 0.6) * own[:, 2] - w / 2
        py = half + own[:, 1] + self._uniform(k, -0.6, 0.6) * own[:, 3] - h / 2
        everywhere = torch.ones(k, dtype=torch.bool, device=self.device)
        return self._paste(x, some, other, everywhere, w, h, self._uniform(k, 0, half), self._uniform(k, 0, half), px, py)

    def _colour(self, x, strength, chance, grey):
        n = len(x)
        s = torch.where(torch.rand(n, device=self.device) < chance, strength, 0)
        u = self._uniform
        luma = torch.tensor(LUMA, device=self.device).view(1, 1, 3)
        contrast = torch.exp(u(n, -0.35, 0.35) * s)
        brightness = u(n, -30, 30) * s
        saturation = torch.exp(u(n, -0.5, 0.35) * s).view(-1, 1, 1)
        gain = torch.exp((torch.rand(n, 3, device=self.device) - 0.5) * 0.24 * s.view(-1, 1))
        matrix = (luma + saturation * (torch.eye(3, device=self.device) - luma)) * (gain * contrast.view(-1, 1)).unsqueeze(2)
        offset = gain * (118 - 118 * contrast + brightness).view(-1, 1)
        y = torch.baddbmm(offset.unsqueeze(2), matrix, x.flatten(2)).clamp_(0, 255)
        flat = torch.where(grey.view(-1, 1, 1), luma, torch.eye(3, device=self.device))
        return torch.bmm(flat.expand(n, 3, 3), y).view_as(x)

    def _lower_resolution(self, templates, searches, share):
        n = len(templates)
        order = torch.randperm(n, device=self.device)[: round(n * share)]
        for some in order.chunk(6):
            if len(some) == 0:
                continue
            factor = math.exp(np.random.uniform(math.log(1.3), math.log(4)))
            for x, f in ((templates, factor), (searches, factor * np.random.uniform(0.8, 1.2))):
                size = x.shape[-1]
                small = F.interpolate(x[some], size=max(8, round(size / f)), mode="area")
                x[some] = F.interpolate(small, size=size, mode="bilinear")

    def _blur(self, x, share, longest):
        n = len(x)
        for some in torch.randperm(n, device=self.device)[: round(n * share)].chunk(4):
            if len(some) == 0:
                continue
            length, direction = np.random.randint(2, longest + 1), np.random.randint(3)
            kx, ky = (1 if direction == 1 else length), (1 if direction == 0 else length)
            pad = (kx // 2, kx - 1 - kx // 2, ky // 2, ky - 1 - ky // 2)
            x[some] = F.avg_pool2d(F.pad(x[some], pad, mode="replicate"), (ky, kx), stride=1)
