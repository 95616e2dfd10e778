// Kills workers and Redis at random while a batch runs, and says what it cost and whether anything was lost. By hand:
//   node scripts/batch-soak.mjs --targets targets.csv [--worker-kills 30] [--redis-kills 5] [--lease 3] INPUT...
// Runs against the built program; --main names another build.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root, say } from './lib.mjs';

const { values, positionals: inputs } = parseArgs({
  allowPositionals: true,
  options: {
    targets: { type: 'string' },
    main: { type: 'string', default: join(root, 'dist/cli/main.js') },
    workers: { type: 'string', default: '3' },
    'worker-kills': { type: 'string', default: '30' },
    'redis-kills': { type: 'string', default: '5' },
    lease: { type: 'string', default: '3' },
    checkpoint: { type: 'string', default: '20' },
    precision: { type: 'string', default: 'int8' },
    // Mean seconds between two kills.
    every: { type: 'string', default: '4' },
    threads: { type: 'string', default: '1' },
  },
});
const WORKERS = Number(values.workers);
const folder = mkdtempSync(join(tmpdir(), 'siamtrack-soak-'));
const port = await freePort();
const url = `redis://127.0.0.1:${port}`;
const common = [...inputs, '--targets', values.targets, '--precision', values.precision, '--engine', 'onnx'];
common.push('--checkpoint', values.checkpoint, '--formats', 'mot');
const now = () => performance.now() / 1000;

/** What was taken and ended, as the workers tell it. */
const log = [];
const workers = new Map();
let stopping = false;
let redis;

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}

async function startRedis() {
  const args = [
    '--port',
    String(port),
    '--dir',
    folder,
    '--appendonly',
    'yes',
    '--save',
    '',
    '--bind',
    '127.0.0.1',
  ];
  redis = spawn('redis-server', args, { stdio: 'ignore' });
  const ping = () => spawnSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' }).stdout;
  while (!ping().startsWith('PONG')) await sleep(50);
}

function startWorker(slot) {
  const args = [values.main, 'worker', '--redis', url, '--jobs', '1', '--threads', '1', '--json'];
  args.push('--lease', values.lease, '--retries', '100');
  const child = spawn('nice', [process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  workers.set(slot, { child, job: undefined });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    for (let cut = text.indexOf('\n'); cut >= 0; cut = text.indexOf('\n')) {
      const event = JSON.parse(text.slice(0, cut));
      text = text.slice(cut + 1);
      log.push({ at: now(), slot, pid: child.pid, ...event });
      const worker = workers.get(slot);
      // A dead one's last words are not its successor's.
      if (worker.child !== child) continue;
      if (event.type === 'taken') Object.assign(worker, { job: event.name, since: now() });
      if (event.type !== 'taken' && event.name !== undefined && event.name === worker.job)
        worker.job = undefined;
    }
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    errors += chunk;
  });
  child.once('exit', async (code, signal) => {
    if (stopping) return;
    if (signal !== 'SIGKILL' && code !== 137)
      say(`worker ${slot} ended by itself: ${code} ${signal} ${errors}`);
    await sleep(300);
    if (!stopping) startWorker(slot);
  });
}

/** One at random that has been at a video for a while; `undefined` when the batch is over. */
async function busyWorker(over) {
  const least = 0.3 + 1.2 * Math.random();
  while (!over()) {
    const busy = [...workers.values()].filter(({ job, since }) => job !== undefined && now() - since > least);
    if (busy.length > 0) return busy[Math.floor(Math.random() * busy.length)];
    await sleep(20);
  }
  return undefined;
}

function stopWorkers() {
  stopping = true;
  for (const { child } of workers.values()) process.kill(-child.pid, 'SIGKILL');
}

function batch(out, extra) {
  const begun = now();
  const child = spawn('nice', [
    process.execPath,
    values.main,
    'batch',
    ...common,
    '--out',
    out,
    '--json',
    ...extra,
  ]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.pipe(process.stderr);
  const ended = new Promise((resolve) => {
    child.once('close', (status) => {
      const events = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      resolve({ status, events, seconds: now() - begun });
    });
  });
  return { child, ended };
}

/** Every output with the hash of its content. */
function contents(out) {
  const found = new Map();
  const look = (inner) => {
    for (const name of readdirSync(join(out, inner))) {
      const path = join(inner, name);
      if (name === '.siamtrack' || path === 'summary.json') continue;
      if (statSync(join(out, path)).isDirectory()) look(path);
      else
        found.set(
          path,
          createHash('sha256')
            .update(readFileSync(join(out, path)))
            .digest('hex'),
        );
    }
  };
  look('');
  return found;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function same(a, b) {
  return a.size === b.size && [...a].every(([path, hash]) => b.get(path) === hash);
}

try {
  say('one job, undisturbed');
  const alone = await batch(join(folder, 'alone'), ['--jobs', '1']).ended;
  say('four jobs, undisturbed');
  const four = await batch(join(folder, 'four'), ['--jobs', '4']).ended;
  await startRedis();
  for (let slot = 0; slot < WORKERS; slot++) startWorker(slot);
  say(`${WORKERS} workers, undisturbed`);
  const calm = await batch(join(folder, 'calm'), ['--redis', url]).ended;
  const calmEnd = log.length;

  say(`${WORKERS} workers, disturbed`);
  const rough = batch(join(folder, 'rough'), ['--redis', url, '--retries', '1000']);
  let over = false;
  void rough.ended.then(() => {
    over = true;
  });
  const kinds = [
    ...Array.from({ length: Number(values['worker-kills']) }, () => 'worker'),
    ...Array.from({ length: Number(values['redis-kills']) }, () => 'redis'),
  ].sort(() => Math.random() - 0.5);
  const kills = [];
  for (const kind of kinds) {
    await sleep(1000 * Number(values.every) * (0.3 + 1.4 * Math.random()));
    if (over) break;
    if (kind === 'redis') {
      redis.kill('SIGKILL');
      kills.push({ kind, at: now() });
      await sleep(500 + 1000 * Math.random());
      await startRedis();
    } else {
      // Somebody must be at a video, and for long enough to have something to lose.
      const one = await busyWorker(() => over);
      if (!one) break;
      kills.push({ kind, at: now(), job: one.job, worked: now() - one.since });
      process.kill(-one.child.pid, 'SIGKILL');
      one.job = undefined;
    }
  }
  const disturbed = await rough.ended;
  stopWorkers();

  const later = log.slice(calmEnd);
  const delays = kills.flatMap(({ kind, at, job }) => {
    if (kind !== 'worker' || job === undefined) return [];
    const again = later.find((event) => event.type === 'taken' && event.name === job && event.at > at);
    return again ? [again.at - at] : [];
  });
  delays.sort((a, b) => a - b);
  const done = new Map();
  for (const { type, name, status } of later)
    if (type === 'ended' && status === 'done') done.set(name, (done.get(name) ?? 0) + 1);
  const counts = (run) => run.events.at(-1).counts;
  const reference = contents(join(folder, 'alone'));
  const redisKills = kills.filter(({ kind }) => kind === 'redis').length;
  const report = {
    outputs: reference.size,
    seconds: {
      oneJob: alone.seconds,
      fourJobs: four.seconds,
      workers: calm.seconds,
      disturbed: disturbed.seconds,
    },
    counts: {
      oneJob: counts(alone),
      fourJobs: counts(four),
      workers: counts(calm),
      disturbed: counts(disturbed),
    },
    identical: {
      fourJobs: same(reference, contents(join(folder, 'four'))),
      workers: same(reference, contents(join(folder, 'calm'))),
      disturbed: same(reference, contents(join(folder, 'rough'))),
    },
    kills: {
      workers: kills.length - redisKills,
      redis: redisKills,
    },
    committedTwice: [...done].filter(([, count]) => count > 1).map(([name]) => name),
    leasesLost: later.filter(({ message }) => message?.startsWith('LEASE_LOST')).length,
    takeoverSeconds: {
      median: median(delays),
      most: delays.at(-1),
      of: delays.length,
    },
    // From being taken to the kill: what was done meanwhile since the last checkpoint is done again.
    secondsWorkedBeforeKill: median(kills.flatMap(({ worked }) => (worked === undefined ? [] : [worked]))),
    secondsLostPerKill: kills.length > 0 ? (disturbed.seconds - calm.seconds) / kills.length : 0,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const { identical, committedTwice } = report;
  if (!identical.fourJobs || !identical.workers || !identical.disturbed || committedTwice.length > 0)
    process.exitCode = 1;
} finally {
  if (!stopping) stopWorkers();
  redis?.kill('SIGKILL');
  if (process.exitCode) say(`kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
