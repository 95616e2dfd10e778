import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerBatch } from '../../src/cli/batch.js';
import { outputs, TARGETS, videoFolder } from '../batch/clips.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { MAIN, refusal, siamtrack } from './run.js';

let videos: string;
/** A folder with one of them. */
let gate: string;
let model: string;
let targets: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'siamtrack-batch-'));
  videos = await videoFolder();
  gate = join(folder, 'one');
  await cp(join(videos, 'gate.mp4'), join(gate, 'gate.mp4'));
  model = writeTinyModel();
  targets = join(folder, 'targets.csv');
  await writeFile(targets, TARGETS);
});
afterAll(async () => {
  for (const one of [videos, model, folder]) await rm(one, { recursive: true, force: true });
});

const args = (out: string, ...more: string[]) => argsOf(videos, out, ...more);
const argsOf = (from: string, out: string, ...more: string[]) => [
  'batch',
  from,
  ...['--targets', targets, '--out', join(folder, out), '--model', model, '--engine', 'onnx', ...more],
];

describe('siamtrack batch', () => {
  it('says what became of each video, to people and to programs', async () => {
    const first = await siamtrack(args('told'));
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toMatch(/^video +status +frames +frames\/s +problem\ngate +done +24 +/);
    expect(first.stdout).toMatch(/3 done in .*frames followed/);
    expect(first.stderr).toContain('3 videos, float32, into');
    const again = await siamtrack(args('told', '--json'));
    const events = again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ type: 'batch', videos: 3, precision: 'float32' });
    expect(events.filter(({ type }) => type === 'video')).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ type: 'summary', counts: { skipped: 3 } });
    const summary = JSON.parse(await readFile(join(folder, 'told', 'summary.json'), 'utf8'));
    expect(summary.videos.map(({ name }: { name: string }) => name)).toEqual([
      'gate',
      'yard/east',
      'yard/west',
    ]);
  });

  it('makes the same bytes when it is killed and run again', async () => {
    await siamtrack(args('killed', '--jobs', '2', '--checkpoint', '3', '--json'), {
      onStart: (child: ChildProcess) => {
        let seen = 0;
        child.stdout?.on('data', (text: string) => {
          seen += text.split('"progress"').length - 1;
          if (seen >= 4) child.kill('SIGKILL');
        });
      },
    });
    expect((await siamtrack(args('killed', '--jobs', '3'))).status).toBe(0);
    expect(await outputs(join(folder, 'killed'))).toEqual(await outputs(join(folder, 'told')));
  });

  it.skipIf(process.platform === 'win32')(
    'says that the disk is full, and goes on when there is room',
    async () => {
      // No file may grow beyond 4 blocks of 512 bytes: what a full disk does, without one.
      const quoted = [process.execPath, MAIN, ...argsOf(gate, 'full')].map((word) => `'${word}'`).join(' ');
      const full = spawnSync('sh', ['-c', `trap '' XFSZ; ulimit -f 4; ${quoted}`], { encoding: 'utf8' });
      expect(full.status).toBe(1);
      expect(full.stdout).toMatch(/gate +failed/);
      expect(full.stderr).toMatch(/STATE_FAILED: .*(EFBIG|too large)/i);
      expect((await siamtrack(argsOf(gate, 'full'))).status).toBe(0);
      const { 'gate.jsonl': expected } = await outputs(join(folder, 'told'));
      expect(await outputs(join(folder, 'full'))).toEqual({ 'gate.jsonl': expected });
    },
  );

  it('follows as it is told to, and makes anew what was followed otherwise', async () => {
    const plain = ['--no-memory', '--no-extent', '--search-budget', '0'];
    const done = async (...more: string[]) => {
      const { stdout } = await siamtrack(argsOf(gate, 'otherwise', '--json', ...more));
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '').counts;
    };
    const lines = async () =>
      (await readFile(join(folder, 'otherwise', 'gate.jsonl'), 'utf8')).trim().split('\n');
    expect(await done()).toMatchObject({ done: 1, skipped: 0 });
    const usual = await lines();
    expect(await done(...plain)).toMatchObject({ done: 1, skipped: 0 });
    expect(await done(...plain)).toMatchObject({ done: 0, skipped: 1 });
    const otherwise = await lines();
    expect(otherwise).not.toEqual(usual);

    const one = [
      'track',
      join(gate, 'gate.mp4'),
      '--target',
      'car=20,136,56,28',
      '--model',
      model,
      '--engine',
      'onnx',
    ];
    const { stdout } = await siamtrack([...one, ...plain]);
    const boxes = (text: readonly string[]) =>
      text.map((line) => JSON.parse(line)).map(({ targets: [car] }) => car.box);
    expect(boxes(otherwise)).toEqual(boxes(stdout.trim().split('\n')));
  });

  it('refuses what it is asked wrongly', async () => {
    const refused = (...more: string[]) => refusal(registerBatch, args('no', ...more));
    expect(await refused('--formats', 'mot,nonsense')).toMatchObject({ status: 2, message: /--formats/ });
    expect(await refused('--jobs', '0')).toMatchObject({ status: 2 });
    await writeFile(join(folder, 'bad.csv'), 'video,x,y,width,height\ngate,1,2,3,wide\n');
    const bad = await refusal(registerBatch, ['batch', videos, '--targets', join(folder, 'bad.csv')]);
    expect(bad).toMatchObject({ status: 1, message: /bad\.csv:2: height: expected a number, got wide/ });
  });
});

describe('siamtrack targets', () => {
  it('lists what is missing, and makes a template of it', async () => {
    await writeFile(join(folder, 'some.csv'), 'video,x,y,width,height\ngate,1,2,30,40\n');
    const listed = await siamtrack(['targets', videos, '--targets', join(folder, 'some.csv')]);
    expect(listed.status).toBe(1);
    expect(listed.stdout).toMatch(/gate +1 +320x240/);
    expect(listed.stdout).toMatch(/yard\/west +MISSING +320x240/);
    const template = join(folder, 'template.csv');
    expect((await siamtrack(['targets', videos, '--template', template])).status).toBe(0);
    const text = await readFile(template, 'utf8');
    expect(text).toContain('# 320 x 240 pixels, about 24 frames');
    const filled = text.replaceAll(',0,,,,,', ',0,20,136,56,28,');
    await writeFile(template, filled);
    const checked = await siamtrack(['targets', videos, '--targets', template, '--json']);
    expect(JSON.parse(checked.stdout)).toMatchObject({ missing: 0 });
  });
});
