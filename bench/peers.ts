import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type I420Picture, InvalidArgumentError, SiamtrackError } from '../src/common/index.js';
import { readOtbFolder, type Sequence } from '../src/datasets/index.js';
import { measure } from '../src/evaluate/index.js';
import { openSource } from '../src/ingest/index.js';
import { loadModel, type Model } from '../src/model/index.js';
import { Tracker } from '../src/tracker/index.js';

export interface PeersOptions {
  /** OTB-layout folder. */
  readonly sequences: string;
  /** Folder with `backbone.onnx` and `head.onnx`, and the manifest that describes them. */
  readonly weights: string;
  readonly manifest: string;
  /** The script that runs OpenCV's tracker, `opencv_peer.py`. */
  readonly script: string;
  /** Python with opencv-contrib-python; default SIAMTRACK_PEER_PYTHON, else `python3`. */
  readonly python?: string;
  /** Names of the sequences to take; default all. */
  readonly only?: readonly string[];
}

export interface PeerRow {
  readonly sequence: string;
  readonly frames: number;
  /** Frames per second of the tracker alone, success AUC and precision at 20 px. */
  readonly ours: { readonly fps: number; readonly auc: number; readonly precision: number };
  readonly opencv: { readonly fps: number; readonly auc: number; readonly precision: number };
}

export interface PeersResult {
  readonly rows: readonly PeerRow[];
  /** Frames per second over all frames. */
  readonly ours: number;
  readonly opencv: number;
  readonly ratio: number;
  /** Share of our tracker's time that is spent inside the network. */
  readonly networkShare: number;
}

/**
 * The same weights through this tracker and OpenCV's C++ TrackerNano, one thread each, in turn on each sequence:
 * what else the machine does weighs on both alike.
 */
export async function benchPeers(options: PeersOptions): Promise<PeersResult> {
  const all = await readOtbFolder(options.sequences);
  const taken = options.only ? all.filter((s) => options.only?.includes(s.name)) : all;
  if (taken.length === 0) throw new InvalidArgumentError('only', 'sequences of the folder', options.only);
  const model = await loadModel(options.manifest, { weights: options.weights });
  const rows: PeerRow[] = [];
  const total = { ours: 0, opencv: 0, frames: 0, network: 0 };
  for (const sequence of taken) {
    const opencv = runPeer(sequence, options);
    const { encodeMs, headMs } = model.encoder.stats;
    const { seconds, frames, ...ours } = await runOurs(model, sequence);
    const { stats } = model.encoder;
    total.network += (stats.encodeMs - encodeMs + stats.headMs - headMs) / 1000;
    total.ours += seconds;
    total.opencv += frames / opencv.fps;
    total.frames += frames;
    rows.push({ sequence: sequence.name, frames, ours: { ...ours, fps: frames / seconds }, opencv });
  }
  await model.dispose();
  return {
    rows,
    ours: total.frames / total.ours,
    opencv: total.frames / total.opencv,
    ratio: total.opencv / total.ours,
    networkShare: total.network / total.ours,
  };
}

function runPeer(sequence: Sequence, { script, weights, python }: PeersOptions): PeerRow['opencv'] {
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-peer-'));
  try {
    mkdirSync(join(folder, 'one'));
    symlinkSync(resolve(sequence.source, '..'), join(folder, 'one', sequence.name));
    const command = python ?? process.env.SIAMTRACK_PEER_PYTHON ?? 'python3';
    const parameters = [script, join(folder, 'one'), 'nano', '--model', weights, '--threads', '1'];
    const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' });
    if (status !== 0)
      throw new SiamtrackError(
        'PEER_FAILED',
        `${command} ${script}: expected exit 0, got ${status}: ${stderr}`,
        {
          cause: error,
        },
      );
    const { fps, auc, precision } = JSON.parse(stdout.trim().split('\n').at(-1) as string);
    return { fps, auc, precision };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runOurs(
  model: Model,
  sequence: Sequence,
): Promise<{ seconds: number; frames: number; auc: number; precision: number }> {
  const pictures = await decode(sequence);
  const [{ boxes: truth }] = sequence.targets;
  const [first] = truth;
  if (!first) throw new InvalidArgumentError('sequence', 'one whose first frame has a box', sequence.name);
  const count = Math.min(truth.length, pictures.length);
  const tracker = new Tracker(model);
  await tracker.init(pictures[0], first);
  const boxes = [first];
  const start = performance.now();
  for (let k = 1; k < count; k++) boxes.push((await tracker.update(pictures[k])).box);
  const seconds = (performance.now() - start) / 1000;
  const { auc, precision } = measure(boxes, truth.slice(0, count));
  return { seconds, frames: count - 1, auc, precision };
}

/** All pictures of a sequence in memory, as the peer holds them. */
async function decode(sequence: Sequence): Promise<I420Picture[]> {
  const source = await openSource(sequence.source);
  const pictures: I420Picture[] = [];
  for await (const frame of source) {
    const { width, height, range, matrix } = frame;
    pictures.push({
      width,
      height,
      range,
      matrix,
      y: frame.y.slice(),
      u: frame.u.slice(),
      v: frame.v.slice(),
    });
    frame.release();
  }
  await source.close();
  return pictures.slice(sequence.skip);
}

/** The result as lines for people. */
export function formatPeers({ rows, ours, opencv, ratio, networkShare }: PeersResult): string {
  const line = (name: string, numbers: readonly number[]) =>
    name.padEnd(14) + numbers.map((n, k) => n.toFixed([0, 0, 2, 3, 3, 3, 3][k]).padStart(9)).join('');
  return [
    'sequence         ours/s opencv/s    ratio  ourAUC   theirs  ourPrec   theirs',
    ...rows.map((r) =>
      line(r.sequence, [
        r.ours.fps,
        r.opencv.fps,
        r.ours.fps / r.opencv.fps,
        r.ours.auc,
        r.opencv.auc,
        r.ours.precision,
        r.opencv.precision,
      ]),
    ),
    line('all frames', [ours, opencv, ratio]),
    `inside the network: ${(100 * networkShare).toFixed(1)} % of our tracker's time`,
  ].join('\n');
}
