"""Trains one or several networks on one GPU side by side, on the same pairs, from scratch or from checkpoints.

    python train.py --data packs --teacher nanotrack-v3 --recipe recipe.json --seconds 480 --out folder

The recipe: what src/train/config.ts knows, as JSON, with `networks` by name instead of `network`, and `shares` per pack of
pictures (pack.mjs). The learning rate follows the time that has passed, so that it ends where the time does. Writes
`NAME.ckpt`, weights as `training.ckpt` of a model folder has them: docs/train.md says how they are exported and gone on from.
Given the same folder again, a run that was cut off goes on from its `state.pt`, at most five minutes before the cut.
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

import network as N
from data import Pairs, Pictures
from teacher import Teacher

CELLS, STRIDE = 16, 16


def labels_of(batch, teacher_score, teacher_box):
    """src/train/labels.ts on the device."""
    device = batch["box"].device
    n = len(batch["box"])
    line = (torch.arange(CELLS, device=device) - CELLS / 2) * STRIDE
    gx, gy = line.repeat(CELLS).view(1, -1), line.repeat_interleave(CELLS).view(1, -1)
    cx, cy, w, h = (v.view(-1, 1) for v in batch["box"].unbind(1))
    dx, dy = gx - cx, gy - cy
    r = torch.sqrt((dx / (w / 2)) ** 2 + (dy / (h / 2)) ** 2)
    near = lambda v: (v / STRIDE + CELLS / 2).round().clamp(0, CELLS - 1).long()
    nearest = torch.zeros(n, CELLS**2, dtype=torch.bool, device=device).scatter_(1, near(cy) * CELLS + near(cx), True)
    exact = batch["exact"].view(-1, 1)
    positive = nearest | (r < 0.5)
    ignored = ~positive & ((r < 1) | (~exact & (r < 1.5)))
    sides = torch.stack([dx + w / 2, dy + h / 2, w / 2 - dx, h / 2 - dy], 2)
    boxed = exact & (nearest | (r < 0.7)) & (sides.amin(2) > 0)
    place = lambda x: F.pad(x, (1, 0, 1, 0)).flatten(-2)
    taught = place(teacher_score)
    gone = batch["gone"].view(-1, 1)
    positive, boxed, ignored = positive & ~gone, boxed & ~gone, ignored & ~gone
    # The teacher may take a copy in other colours for the target, or what covers it.
    px, py, pw, ph = (v.view(-1, 1) for v in batch["look-alikes"].unbind(1))
    copied = ((gx - px).abs() < pw / 2) & ((gy - py).abs() < ph / 2) & (r > 1)
    taught = taught * (~copied & ~gone).float()
    return {
        "score": positive.float(),
        "scoreWeight": (~ignored).float(),
        "box": sides.clamp_min(0),
        "boxWeight": boxed.float(),
        "teacherScore": taught,
        "teacherBox": place(teacher_box).transpose(1, 2).clamp_min(1),
    }


def masked(template, batch):
    return template * batch["mask"].unsqueeze(1).to(template.dtype) if "mask" in batch else template


class Together:
    """This process and those forked off it, which train on pairs of their own with the mean of all gradients."""

    def __init__(self, size):
        self.size, self.rank = size, 0
        if size == 1:
            return
        meeting = Path(tempfile.mkdtemp()) / "meeting"
        for rank in range(1, size):
            if os.fork() == 0:
                self.rank = rank
                break
        self.meeting = meeting
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=self.rank, world_size=size)

    def average(self, gradients):
        if self.size == 1:
            return
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        for g, mean in zip(gradients, (flat / self.size).split([g.numel() for g in gradients])):
            g.copy_(mean.view_as(g))

    def part(self):
        if self.size == 1:
            return
        dist.barrier()
        if self.rank == 0:
            shutil.rmtree(self.meeting.parent)

    def agree(self, number):
        """The first process's number."""
        if self.size == 1:
            return number
        told = torch.tensor([number], dtype=torch.float64)
        dist.broadcast(told, 0)
        return float(told)


class Student:
    def __init__(self, name, spec, recipe, device):
        self.name, self.recipe = name, recipe
        self.net = N.Network(spec, device, recipe["seed"])
        self.first_step = 0
        if spec.get("from"):
            header, arrays = N.read_checkpoint(spec["from"])
            self.net.load(arrays)
        self.average = {k: v.detach().clone() for k, v in self.net.weights.items()}
        decayed = [v for k, v in self.net.weights.items() if k.endswith(".filter")]
        rest = [v for k, v in self.net.weights.items() if not k.endswith(".filter")]
        for k, v in self.net.weights.items():
            v.requires_grad_(not any(k.startswith(f) for f in recipe.get("freeze", [])))
        o = recipe["optimiser"]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": o["weightDecay"]}, {"params": rest, "weight_decay": 0}],
            lr=o["learningRate"],
            fused=device == "cuda",
        )
        self.steps = 0

    def losses(self, batch, labels, features, weight):
        net, n = self.net, len(batch["box"])
        device = batch["box"].device.type
        with torch.autocast(device, torch.bfloat16):
            search = net.encode(batch["searches"], "batch")
            template = net.encode(batch["templates"], "before")
            shown = masked(template, batch)
            score, box = net.head(torch.cat([shown, shown.roll(-1, 0)]), torch.cat([search, search]), "batch")
        box_weight = labels["teacherScore"] * (~batch["patch"]).float().view(-1, 1)
        parts = {
            "score": N.balanced_logistic(score[:n], labels["score"], labels["scoreWeight"]),
            "pick": N.pick(score[:n], labels["score"], labels["scoreWeight"], (~batch["gone"]).float()),
            "gone": N.negative(score[:n], batch["gone"].float()),
            "negative": N.negative(score[n:], (batch["source"] != batch["source"].roll(-1, 0)).float()),
            "box": N.box_iou_loss(box[:n], labels["box"], labels["boxWeight"]),
            "teacherScore": N.score_distillation(score[:n], labels["teacherScore"]),
            "teacherBox": N.box_distillation(box[:n], labels["teacherBox"], box_weight),
            "teacherIou": N.box_iou_loss(box[:n], labels["teacherBox"], box_weight * (1 - labels["boxWeight"])),
        }
        if features is not None:
            near = lambda a, b: F.smooth_l1_loss(a.float(), b)
            same = ~batch["changed"] if "changed" in batch else slice(None)
            parts["feature"] = (near(template[same], features[0][same]) + near(search, features[1])) / 2
        total = sum(parts[k] * weight.get(k, 0) for k in parts)
        return total, parts

    def step(self, total, rate, average):
        weights = list(self.net.weights.values())
        for g in self.optimiser.param_groups:
            g["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        average([v.grad for v in weights if v.grad is not None])
        norm = torch.nn.utils.clip_grad_norm_(weights, self.recipe["optimiser"]["clip"], foreach=True)
        self.optimiser.step()
        self.steps += 1
        memory = min(self.recipe["optimiser"]["average"], (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            torch._foreach_lerp_([self.average[k] for k in self.net.weights], weights, 1 - memory)
            self.net.keep_statistics(0.02)
        return norm

    def state(self):
        statistics = {"mean": self.net.mean, "variance": self.net.variance}
        weights = {k: v.detach() for k, v in self.net.weights.items()}
        return {"steps": self.steps, "weights": weights, "average": self.average, **statistics, "optimiser": self.optimiser.state_dict()}

    @torch.no_grad()
    def go_on(self, state):
        self.steps = state["steps"]
        for own, kept in ((self.net.weights, state["weights"]), (self.average, state["average"])):
            for k, v in own.items():
                v.copy_(kept[k])
        for own, kept in ((self.net.mean, state["mean"]), (self.net.variance, state["variance"])):
            for k, v in own.items():
                v.copy_(kept[k])
        self.optimiser.load_state_dict(state["optimiser"])

    @torch.no_grad()
    def measure(self, batches):
        """Mean IoU of the best cell's box, and share over one half, on held-out pairs."""
        ious = []
        for batch in batches:
            device = batch["box"].device.type
            with torch.autocast(device, torch.bfloat16):
                template = masked(self.net.encode(batch["templates"], "running"), batch)
                score, box = self.net.head(template, self.net.encode(batch["searches"], "running"), "running")
            best = score.argmax(1)
            l, t, r, b = box[torch.arange(len(best)), best].unbind(1)
            x, y = (best % CELLS - CELLS / 2) * STRIDE, (best // CELLS - CELLS / 2) * STRIDE
            cx, cy, w, h = batch["box"].unbind(1)
            iw = (torch.minimum(x + r, cx + w / 2) - torch.maximum(x - l, cx - w / 2)).clamp_min(0)
            ih = (torch.minimum(y + b, cy + h / 2) - torch.maximum(y - t, cy - h / 2)).clamp_min(0)
            ious.append(iw * ih / ((l + r) * (t + b) + w * h - iw * ih))
        iou = torch.cat(ious)
        return float(iou.mean()), float((iou > 0.5).float().mean())

    @torch.no_grad()
    def save(self, file, draw, scale, batches=30):
        """The averaged weights with statistics of their own (src/train/recalibrate.ts)."""
        net, raw = self.net, {k: v.detach().clone() for k, v in self.net.weights.items()}
        for k, v in self.average.items():
            net.weights[k].copy_(v)
        sums = {k: (torch.zeros_like(m), torch.zeros_like(m)) for k, m in net.mean.items()}
        for _ in range(batches):
            batch = draw()
            device = batch["box"].device.type
            with torch.autocast(device, torch.bfloat16):
                search, template = net.encode(batch["searches"], "batch"), net.encode(batch["templates"], "before")
                template = masked(template, batch)
                net.head(torch.cat([template, template.roll(-1, 0)]), torch.cat([search, search]), "batch")
            for k, (m, v) in net.batch.items():
                sums[k][0].add_(m / batches)
                sums[k][1].add_((v + m * m) / batches)
        cpu = lambda t: t.detach().float().cpu().numpy()
        arrays = {"average": net.flat(self.average)}
        for k, (m, s) in sums.items():
            arrays[f"{k}.mean"], arrays[f"{k}.variance"] = cpu(m), cpu((s - m * m).clamp_min(0))
        if scale is not None:
            arrays["feature.mean"], arrays["feature.deviation"] = (cpu(v).ravel() for v in scale)
        spec = {k: v for k, v in net.spec.items() if k != "from"}
        input_ = {"template": 127, "search": 255, "contextAmount": 0.5}
        if self.recipe["pairs"].get("mask"):
            input_["templateMask"] = self.recipe["pairs"]["mask"]
        if self.recipe["pairs"].get("shade"):
            input_["templateShade"] = self.recipe["pairs"]["shade"]
        header = {"name": self.name, "network": spec, "input": input_, "step": self.steps}
        N.write_checkpoint(file, header, arrays)
        for k, v in raw.items():
            net.weights[k].copy_(v)


def scale_of(recipe, device):
    """Mean and deviation of the teacher's embeddings that the checkpoint which is gone on from was trained with."""
    for spec in recipe["networks"].values():
        arrays = N.read_checkpoint(spec["from"])[1] if spec.get("from") else {}
        if "feature.mean" in arrays:
            return tuple(torch.from_numpy(arrays[f"feature.{v}"].copy()).to(device).view(1, -1, 1, 1) for v in ("mean", "deviation"))
    return None


def go_on_with(file, step):
    """A table to append to, without the rows of steps that were lost in a cut."""
    rows = file.read_text().splitlines(True) if step else []
    file.write_text("".join(rows[:1] + [r for r in rows[1:] if int(r.split(",")[0]) <= step]))
    return file.open("a")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--teacher", required=True)
    p.add_argument("--recipe", type=Path, required=True)
    p.add_argument("--seconds", type=float, required=True, help="training time after everything is loaded")
    p.add_argument("--until", type=float, help="or until this time since the epoch, if that is earlier")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--saves", default="0.25,0.5,0.75", help="shares of the time after which checkpoints are kept")
    p.add_argument("--workers", type=int, default=16)
    p.add_argument("--processes", type=int, default=1, help="on the processor: that many train side by side, a thread each")
    p.add_argument("--limit", type=int, help="steps, for a test")
    a = p.parse_args()
    recipe = json.loads(a.recipe.read_text())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if a.processes > 1:
        torch.set_num_threads(1)
    torch.manual_seed(recipe["seed"])
    np.random.seed(recipe["seed"])
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = False
    began = time.time()
    say = lambda *x: print(f"{time.time() - began:7.1f}", *x, flush=True)

    names = [f.stem for f in sorted(a.data.glob("*.json")) if (a.data / f"{f.stem}.bin").exists()]
    pictures = Pictures([(name, a.data) for name in names], device, a.workers)
    say(f"{len(pictures.meta)} pictures, {pictures.pixels.numel() * 4 / 2**30:.1f} GiB, packs {names}")
    slice_of = lambda clip: int.from_bytes(hashlib.sha256(clip.encode()).digest()[:4], "big") / 2**32
    few = recipe.get("few", [])
    kind = lambda clip: "few" if any(clip.startswith(f) for f in few) else ""
    shares = {tuple(k.split("/")) if "/" in k else (k, ""): v for k, v in recipe["shares"].items()}
    certain = lambda pack, clip: pack in recipe["certain"] and not any(clip.startswith(u) for u in recipe.get("uncertain", []))
    options = recipe["pairs"]
    pairs = Pairs(pictures, shares, certain, lambda c: None if slice_of(c) < recipe["validation"] else kind(c), device, options)
    clips_only = {k: v for k, v in shares.items() if k[0] == "clips" and k[1] == ""}
    calm = dict(options, strength=0, shift=32)
    held = Pairs(pictures, clips_only, certain, lambda c: "" if slice_of(c) < recipe["validation"] and not kind(c) else None, device, calm)
    say(f"{len(pairs.names)} clips, {len(held.names)} held out; shares {pairs.clip_share:.2f} {pairs.still_share:.2f} {pairs.photo_share:.2f}")
    size, own = recipe["optimiser"]["batch"], recipe["optimiser"]["batch"] // a.processes
    held_out = [held.draw(32) for _ in range(16)]
    kept = a.out / "state.pt"
    before = torch.load(kept, map_location=device, weights_only=True) if kept.exists() else {"step": 0, "seconds": 0, "students": {}}
    together = Together(a.processes)
    # Other pairs for each process, and after each cut.
    torch.manual_seed(recipe["seed"] + together.rank + before["step"])
    np.random.seed(recipe["seed"] + together.rank + before["step"])

    teacher = Teacher(a.teacher, device)

    @torch.no_grad()
    def teach(batch):
        bgr = lambda x: x.flip(1).contiguous(memory_format=torch.channels_last)
        z, x = teacher.embed(bgr(batch.get("whole", batch["templates"]))), teacher.embed(bgr(batch["searches"]))
        return (z.float(), x.float(), *teacher.head(z, x))

    scale = scale_of(recipe, device)
    if scale is None:
        seen = torch.cat([teach(pairs.draw(size))[1] for _ in range(2)])
        scale = (seen.mean((0, 2, 3), True), seen.std((0, 2, 3), keepdim=True))
    say(f"teacher's embeddings: deviation {float(scale[1].mean()):.3f}")
    students = [Student(name, spec, recipe, device) for name, spec in recipe["networks"].items()]
    for s in students:
        if s.name in before["students"]:
            s.go_on(before["students"][s.name])
    a.out.mkdir(parents=True, exist_ok=True)
    first = together.rank == 0
    curve = go_on_with(a.out / "curve.csv", before["step"]) if first else None
    measured = [f"{s.name}.{m}" for s in students for m in ("heldOutIou", "heldOutSuccess")]
    header = None

    o, start, step = recipe["optimiser"], time.time() - before["seconds"], before["step"]
    seconds = a.seconds if not a.until else min(a.seconds, a.until - start)
    saved = time.time()
    if step and first:
        say(f"goes on after step {step}")

    def save_state():
        """Whole or not at all."""
        state = {"step": step, "seconds": time.time() - start, "students": {s.name: s.state() for s in students}}
        torch.save(state, kept.with_suffix(".new"))
        kept.with_suffix(".new").replace(kept)

    spent = {"": 0.0}

    def lap(what):
        """Where the time goes, in a few steps."""
        if not timed:
            return
        torch.cuda.synchronize()
        if what:
            spent[what] = spent.get(what, 0) + (time.time() - spent[""]) * 1000
        elif step == 40:
            say("milliseconds of ten steps:", {k: round(v) for k, v in spent.items() if k})
        spent[""] = time.time()

    saves = [float(s) for s in a.saves.split(",") if s and float(s) * seconds > before["seconds"]]
    while True:
        if step % 20 == 0 and device == "cuda":
            torch.cuda.synchronize()
        done = (time.time() - start) / seconds if not a.limit else step / a.limit
        done = together.agree(done)
        if done >= 1:
            break
        rate = o["learningRate"] * min(1, (step + 1) / o["warmUp"]) * (o["floor"] + (1 - o["floor"]) * 0.5 * (1 + math.cos(math.pi * done)))
        timed = device == "cuda" and 30 <= step <= 40
        lap("")
        weight = dict(recipe["losses"])
        weight["feature"] *= 1 - done * (1 - recipe.get("featureEnd", 1))
        with torch.no_grad():
            batch = pairs.draw(own)
            lap("draw")
            z, x, ts, tb = teach(batch)
            lap("teach")
            labels = labels_of(batch, ts, tb)
            features = ((z - scale[0]) / scale[1], (x - scale[0]) / scale[1])
        logged = {}
        for s in students:
            total, parts = s.losses(batch, labels, features, weight)
            norm = s.step(total, rate, together.average)
            logged[s.name] = dict(parts, total=total, norm=norm)
            lap(s.name)
        step += 1
        if not first:
            continue
        if step % 50 == 0 or step in (1, 10, 20):
            row = {"step": step, "pairs": step * size, "seconds": round(time.time() - start, 1), "rate": rate}
            row |= {f"{n}.{k}": round(float(v.detach()), 4) for n, p in logged.items() for k, v in p.items()}
            if step % 500 == 0:
                for s in students:
                    row[f"{s.name}.heldOutIou"], row[f"{s.name}.heldOutSuccess"] = s.measure(held_out)
                    say(step, s.name, "held out", f"{row[f'{s.name}.heldOutIou']:.3f}", *(f"{k} {float(v.detach()):.3f}" for k, v in logged[s.name].items()))
            if header is None:
                header = [*(k for k in row if k not in measured), *measured]
                if not before["step"]:
                    curve.write(",".join(header) + "\n")
            curve.write(",".join(str(row.get(k, "")) for k in header) + "\n")
            curve.flush()
            if step in (10, 20, 50, 100, 200):
                say(step, f"{step * size / (time.time() - start):.0f} pairs/s", *(f"{n} {float(p['total'].detach()):.3f}" for n, p in logged.items()))
        if time.time() - saved > 300:
            save_state()
            saved = time.time()
        if saves and done >= saves[0]:
            share = saves.pop(0)
            for s in students:
                s.save(a.out / f"{s.name}-{round(share * 100)}.ckpt", lambda: pairs.draw(own), scale)
    together.part()
    if not first:
        os._exit(0)
    save_state()
    say(f"{step} steps, {step * size} pairs, {step * size / (time.time() - start):.0f} pairs/s")
    for s in students:
        s.save(a.out / f"{s.name}.ckpt", lambda: pairs.draw(own), scale)
        say(s.name, "held out", s.measure(held_out))
    if device == "cuda":
        say(f"memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")


if __name__ == "__main__":
    main()
