import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ExitCode, reportError } from '../src/cli/exit.js';
import { InvalidArgumentError, packageRoot } from '../src/common/index.js';
import { type BatchBenchResult, benchBatch, formatBatchBench } from './batch.js';
import { benchCameras, type CamerasResult, formatCameras } from './cameras.js';
import { type BenchTable, benchIngest } from './ingest.js';
import { benchLatency, formatLatency, type LatencyRow } from './latency.js';
import { benchPeers, formatPeers, type PeersResult } from './peers.js';
import { benchServe, formatServeBench, type ServeBenchResult } from './serve.js';
import { benchSoak, formatSoak, type SoakResult } from './soak.js';
import { benchTracker, formatTrackerBench, type TrackerBenchResult } from './tracker.js';
import { benchTrain } from './train.js';

const USAGE = `npm run bench -- [options]

  --only PARTS     of ingest, tracker, peers, batch, serve, latency, cameras, soak, train;
                   separated by commas
                   (default: ingest,tracker)
  --long           cameras: 20 kills of each instead of 4; soak: 30 minutes instead of 3
  --peers          the same weights through OpenCV's TrackerNano beside ours, too
  --sequences A,B  which sequences the peers follow (default: all)
  --model M        a shipped model, a model folder or a model.json (default: default)
  --weights DIR    where the model's files are, if not beside its model.json
  --json           tables on stderr, JSON on stdout

The peers need footage and published weights: SIAMTRACK_DATA and SIAMTRACK_PUBLISHED name their folders,
SIAMTRACK_PEER_SCRIPT the script that runs OpenCV, SIAMTRACK_PEER_PYTHON a Python with opencv-contrib-python.
`;

/** Milliseconds of a 720p H.264 frame with one target, from the file to the box, one thread each. */
type FrameTime = Record<'decode' | 'crop' | 'encode' | 'head' | 'pick', number>;

/** Everything measured in one run. */
interface BenchReport {
  serve?: ServeBenchResult;
  latency?: readonly LatencyRow[];
  cameras?: CamerasResult;
  soak?: SoakResult;
  ingest?: BenchTable;
  tracker?: TrackerBenchResult;
  frame?: FrameTime;
  peers?: PeersResult;
  batch?: BatchBenchResult;
  train?: BenchTable;
}

const PARTS = [
  'ingest',
  'tracker',
  'peers',
  'batch',
  'serve',
  'latency',
  'cameras',
  'soak',
  'train',
] as const;
type Part = (typeof PARTS)[number];

/** A folder beside the repository, where development machines keep what is not ours to ship. */
function beside(variable: string, ...path: string[]): string {
  const found = process.env[variable] || join(packageRoot(), '..', 'shared', ...path);
  if (existsSync(found)) return found;
  throw new InvalidArgumentError(variable, 'the path of what --peers needs', process.env[variable]);
}

async function peers(only: readonly string[] | undefined): Promise<PeersResult> {
  return benchPeers({
    sequences: join(beside('SIAMTRACK_DATA', 'data'), 'sequences'),
    weights: join(beside('SIAMTRACK_PUBLISHED', 'models'), 'nanotrack-v2'),
    manifest: join(packageRoot(), 'test/published/nanotrack-v2'),
    script: beside('SIAMTRACK_PEER_SCRIPT', 'tools/opencv_peer.py'),
    only,
  });
}

function partsOf(only: string | undefined, withPeers: boolean): readonly Part[] {
  const named = only?.split(',') ?? ['ingest', 'tracker'];
  const unknown = named.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new InvalidArgumentError('--only', `any of ${PARTS.join(', ')}`, unknown);
  return PARTS.filter((part) => named.includes(part) || (part === 'peers' && withPeers));
}

/** Columns as wide as what is in them. */
function formatTable({ title, rows }: BenchTable): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name])))];
  const widths = names.map((_, k) => Math.max(...lines.map((line) => line[k].length)));
  return [title, ...lines.map((line) => line.map((cell, k) => cell.padStart(widths[k])).join('  '))].join(
    '\n',
  );
}

function frameTime({ ingest, tracker }: BenchReport): FrameTime | undefined {
  const row = ingest?.rows.find(({ source, threads }) => source === '720p h264' && threads === 1);
  if (!row || !tracker) return undefined;
  const { crop, encode, head, pick } = tracker.frame;
  return { decode: 1000 / Number(row['ingest, frames/s']), crop, encode, head, pick };
}

function formatFrame(frame: FrameTime): string {
  const rows = [Object.fromEntries(Object.entries(frame).map(([name, ms]) => [name, ms.toFixed(2)]))];
  return formatTable({
    title: 'A 720p H.264 frame with one target, ms (decoding runs beside the rest)',
    rows,
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      peers: { type: 'boolean', default: false },
      sequences: { type: 'string' },
      model: { type: 'string' },
      weights: { type: 'string' },
      long: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const show = (table: string) => void (values.json ? process.stderr : process.stdout).write(`${table}\n\n`);
  const report: BenchReport = {};
  const parts = partsOf(values.only, values.peers);
  if (parts.includes('ingest')) {
    report.ingest = await benchIngest();
    show(formatTable(report.ingest));
  }
  if (parts.includes('tracker')) {
    report.tracker = await benchTracker({ model: values.model, weights: values.weights });
    show(formatTrackerBench(report.tracker));
  }
  report.frame = frameTime(report);
  if (report.frame) show(formatFrame(report.frame));
  if (parts.includes('peers')) {
    report.peers = await peers(values.sequences?.split(','));
    show(formatPeers(report.peers));
  }
  if (parts.includes('batch')) {
    report.batch = await benchBatch({ model: values.model, weights: values.weights });
    show(formatBatchBench(report.batch));
  }
  if (parts.includes('serve')) {
    report.serve = await benchServe({ model: values.model });
    show(formatServeBench(report.serve));
  }
  if (parts.includes('latency')) {
    report.latency = await benchLatency({ model: values.model });
    show(formatLatency(report.latency));
  }
  if (parts.includes('cameras')) {
    report.cameras = await benchCameras({ long: values.long });
    show(formatCameras(report.cameras));
  }
  if (parts.includes('soak')) {
    report.soak = await benchSoak({ minutes: values.long ? 30 : 3 });
    show(formatSoak(report.soak));
  }
  if (parts.includes('train')) {
    report.train = await benchTrain();
    show(formatTable(report.train));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exitCode = ExitCode.usage;
  } else {
    reportError(error);
  }
}
