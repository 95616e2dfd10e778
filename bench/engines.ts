import { parseArgs } from 'node:util';
import { reportError } from '../src/cli/exit.js';
import { InvalidArgumentError } from '../src/common/index.js';
import {
  formatSimulation,
  type SimulatedDevice,
  type SimulatedLoad,
  type SimulationRow,
  simulate,
} from './engine-simulation.js';
import { benchStreams, formatStreams, type StreamsResult } from './engine-streams.js';
import { type EngineTable, engineTable, formatEngineTable } from './engine-table.js';

const USAGE = `npm run bench:engines -- [options]

  --only PARTS    of table, streams, simulation; separated by commas (default: all)
  --model M       a shipped model, a model folder or a model.json (default: default)
  --batches LIST  default 1,4,16,64
  --json          tables on stderr, JSON on stdout
`;

interface EnginesReport {
  table?: EngineTable;
  streams?: StreamsResult;
  simulation?: SimulationRow[];
}

/** Streams of a few targets, of many streams, and of one that has most of them. */
const LOADS: readonly SimulatedLoad[] = [
  { name: '4 of 4', targets: Array<number>(4).fill(4) },
  { name: '50 of 4', targets: Array<number>(50).fill(4) },
  { name: '200 of 5', targets: Array<number>(200).fill(5) },
  { name: 'one of 50, 50 of 1', targets: [50, ...Array<number>(50).fill(1)] },
];

/** This machine's processor as measured, and devices as fast as GPUs could be. */
function devices(table: EngineTable | undefined): SimulatedDevice[] {
  const measured = table?.rows.filter(({ engine }) => engine === 'onnx') ?? [];
  const fastest = measured.reduce((best, row) => Math.min(best, row.ms), Number.POSITIVE_INFINITY);
  const cropMs = Number.isFinite(fastest) ? fastest : 2.5;
  return [
    {
      name: `2 cores of ${cropMs.toFixed(2)} ms a crop`,
      fixedMs: 0.1,
      cropMs,
      engines: 2,
      largestBatch: 16,
    },
    { name: '2 ms a call + 0.10 ms a crop', fixedMs: 2, cropMs: 0.1, engines: 1, largestBatch: 64 },
    { name: '2 ms a call + 0.01 ms a crop', fixedMs: 2, cropMs: 0.01, engines: 1, largestBatch: 128 },
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: 'table,streams,simulation' },
      model: { type: 'string', default: 'default' },
      batches: { type: 'string', default: '1,4,16,64' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const parts = values.only.split(',');
  const unknown = parts.find((part) => !['table', 'streams', 'simulation'].includes(part));
  if (unknown !== undefined)
    throw new InvalidArgumentError('--only', 'any of table, streams, simulation', unknown);
  const batches = values.batches.split(',').map(Number);
  if (batches.some((n) => !(Number.isInteger(n) && n > 0)))
    throw new InvalidArgumentError('--batches', 'whole numbers >= 1', values.batches);
  const show = (text: string) => void (values.json ? process.stderr : process.stdout).write(`${text}\n\n`);
  const report: EnginesReport = {};
  if (parts.includes('table')) {
    report.table = await engineTable(values.model, batches);
    show(formatEngineTable(report.table));
  }
  if (parts.includes('streams')) {
    report.streams = await benchStreams();
    show(formatStreams(report.streams));
  }
  if (parts.includes('simulation')) {
    report.simulation = [];
    for (const device of devices(report.table))
      for (const load of LOADS) report.simulation.push(await simulate(device, load));
    show(formatSimulation(report.simulation));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  reportError(error);
}
