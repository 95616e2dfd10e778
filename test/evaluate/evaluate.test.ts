import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { readSequences, type Sequence, type SequenceTarget } from '../../src/datasets/index.js';
import { evaluate, measureResults, type Outcome, ResultFolder } from '../../src/evaluate/index.js';

let root: string;
let sequences: Sequence[];
let made: string[];
const FRAMES = 6;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-evaluate-'));
  for (const [name, truths] of [
    ['One', ['']],
    ['Two', ['.1', '.2']],
  ] as const) {
    await mkdir(join(root, 'data', name, 'img'), { recursive: true });
    for (let k = 1; k <= FRAMES; k++) {
      const create = { width: 48, height: 32, channels: 3 as const, background: { r: 40 * k, g: 90, b: 20 } };
      await sharp({ create })
        .jpeg()
        .toFile(join(root, 'data', name, 'img', `${k}.jpg`));
    }
    for (const [n, number] of truths.entries()) {
      const lines = Array.from({ length: FRAMES }, (_, k) => `${2 + k + n},${3.25 + k},10.5,8`);
      await writeFile(join(root, 'data', name, `groundtruth_rect${number}.txt`), lines.join('\n'));
    }
  }
  sequences = await readSequences(join(root, 'data'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(() => {
  made = [];
});

/** A tracker that returns the truth, `offset` pixels to the right. */
function identity(target: SequenceTarget, offset = 0) {
  made.push(target.name);
  let frame = 0;
  return {
    init(_picture: unknown, box: Box) {
      expect(box).toEqual(target.boxes[0]);
    },
    update: () => {
      const [x, y, w, h] = target.boxes[++frame]!;
      return { box: [x + offset, y, w, h] as Box, score: 0.75 };
    },
  };
}

describe('evaluate', () => {
  it('gives a tracker that returns the truth 1 in every measure', async () => {
    const report = await evaluate(sequences, { tracker: (target) => identity(target) });
    expect(report.sequences.map(({ sequence }) => sequence)).toEqual(['One', 'Two.1', 'Two.2']);
    for (const row of [...report.sequences, report.mean]) {
      expect(row).toMatchObject({ auc: 1, precision: 1, normalisedPrecision: 1, sr50: 1, sr75: 1 });
      expect(row.ao).toBeCloseTo(1, 8);
    }
    expect(report.sequences[0]).toMatchObject({ frames: FRAMES, visible: FRAMES, reused: false });
    expect(report.mean.trackerFps).toBeGreaterThan(report.mean.endToEndFps!);
  });

  it('writes 1-based boxes and scores, one a line, which measure the same when read alone', async () => {
    const folder = join(root, 'written');
    const results = new ResultFolder(folder);
    const report = await evaluate(sequences, { tracker: (t) => identity(t, 1.5), results, key: 'a' });
    expect((await readFile(join(folder, 'Two.2.txt'), 'utf8')).split('\n')).toEqual([
      '3,3.25,10.5,8',
      '5.5,4.25,10.5,8',
      '6.5,5.25,10.5,8',
      '7.5,6.25,10.5,8',
      '8.5,7.25,10.5,8',
      '9.5,8.25,10.5,8',
      '',
    ]);
    expect(await readFile(join(folder, 'Two.2.score.txt'), 'utf8')).toBe(`1\n${'0.75\n'.repeat(5)}`);
    const read = await measureResults(sequences, results);
    const { trackerFps: _t, endToEndFps: _e, ...mean } = report.mean;
    expect(read.mean).toEqual({ ...mean, trackerFps: null, endToEndFps: null });
  });

  it('takes up an interrupted run where it was', async () => {
    const folder = join(root, 'resumed');
    const options = { results: new ResultFolder(folder), key: 'model-1' };
    const interrupted = evaluate(sequences, {
      ...options,
      tracker: (target) => {
        if (target.name === 'Two.2') throw new Error('power cut');
        return identity(target, 2);
      },
    });
    await expect(interrupted).rejects.toThrow('power cut');
    made = [];
    const report = await evaluate(sequences, { ...options, tracker: (t) => identity(t, 2) });
    expect(made).toEqual(['Two.2']);
    expect(report.sequences.map(({ reused }) => reused)).toEqual([true, true, false]);
    const again = await evaluate(sequences, { ...options, tracker: (t) => identity(t, 2) });
    expect(again.sequences.map(({ reused, ...row }) => row)).toEqual(
      report.sequences.map(({ reused, ...row }) => row),
    );
  });

  it('computes anew what another model made, what was changed, and what it is told to', async () => {
    const folder = join(root, 'stale');
    const results = new ResultFolder(folder);
    const run = async (key: string, force = false) => {
      made = [];
      await evaluate(sequences, { results, key, force, tracker: (t) => identity(t) });
      return made;
    };
    expect(await run('a')).toHaveLength(3);
    expect(await run('a')).toEqual([]);
    expect(await run('b')).toHaveLength(3);
    await appendFile(join(folder, 'One.txt'), '1,1,1,1\n');
    await rm(join(folder, 'Two.1.txt'));
    expect(await run('b')).toEqual(['One', 'Two.1']);
    expect(await run('b', true)).toHaveLength(3);
    expect((await readdir(folder)).length).toBe(9);
  });
});

describe('what is kept of scores and states', () => {
  const keep = (name: string) => new ResultFolder(join(root, name));
  const stateful = (target: SequenceTarget) => {
    const tracker = identity(target);
    let k = 0;
    return {
      ...tracker,
      update: () => ({ ...tracker.update(), score: 0.1 + 0.1 * k, state: STATES[k++] }),
    };
  };
  const STATES = ['tracking', 'uncertain', 'lost', 'lost', 'tracking'] as const;

  it('writes states beside scores, from which the same is measured when read or resumed', async () => {
    const outcomes: Outcome[] = [];
    const run = { results: keep('states'), key: 'a', tracker: stateful };
    const report = await evaluate(sequences, { ...run, onRow: (_, outcome) => outcomes.push(outcome) });
    expect(await readFile(join(root, 'states/One.state.txt'), 'utf8')).toBe(
      ['tracking', ...STATES, ''].join('\n'),
    );
    expect(outcomes[0].states).toEqual(['tracking', ...STATES]);
    expect(outcomes[0].scores).toEqual([1, 0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(report.sequences[0].honest.tracking).toMatchObject({ precision: expect.closeTo(1, 6) });
    expect(report.honest.tracking!.recall).toBeCloseTo(3 / 5, 6);
    made = [];
    const resumed = await evaluate(sequences, run);
    expect(made).toEqual([]);
    expect(resumed.honest).toEqual(report.honest);
    expect((await measureResults(sequences, keep('states'))).honest).toEqual(report.honest);
  });

  it('computes anew where scores or states were changed, or were not kept by an earlier release', async () => {
    const run = { results: keep('older'), key: 'a', tracker: stateful };
    const again = async () => {
      made = [];
      await evaluate(sequences, run);
      return made;
    };
    await again();
    await appendFile(join(root, 'older/One.score.txt'), '0.5\n');
    await rm(join(root, 'older/Two.1.state.txt'));
    const file = join(root, 'older/Two.2.json');
    const { scores: _s, states: _t, ...older } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(older));
    expect(await again()).toEqual(['One', 'Two.1', 'Two.2']);
    expect(await again()).toEqual([]);
  });

  it('leaves no states of another tracker behind', async () => {
    const results = keep('replaced');
    await evaluate(sequences, { results, key: 'a', tracker: stateful });
    await evaluate(sequences, { results, key: 'b', tracker: (target) => identity(target) });
    expect((await readdir(join(root, 'replaced'))).filter((name) => name.includes('state'))).toEqual([]);
    const { honest } = await measureResults(sequences, results);
    expect(honest.tracking).toBeNull();
    expect(honest.score).not.toBeNull();
  });
});

describe('measureResults', () => {
  it('has what boxes alone tell where a folder has no more', async () => {
    const folder = join(root, 'boxes');
    await mkdir(folder);
    const lines = '3,4.25,10.5,8\n'.repeat(FRAMES);
    for (const name of ['One', 'Two.1', 'Two.2']) await writeFile(join(folder, `${name}.txt`), lines);
    const { honest, sequences: rows } = await measureResults(sequences, new ResultFolder(folder));
    expect(honest).toMatchObject({ score: null, tracking: null, bestTracking: null, reliability: null });
    expect(honest.drifts.noticed).toBeNull();
    expect(rows[0].honest.drifts.count).toBe(0);
  });

  it.each([
    ['score', '1\n0.5\nhigh\n0.5\n0.5\n0.5\n', /One\.score\.txt:3: expected a number/],
    ['score', '1\n0.5\n', /One\.score\.txt: expected 6 lines, as many as One\.txt has, got 2/],
    ['score', '1\n0.5\nNaN\n0.5\n0.5\n0.5\n', /One\.score\.txt:3: expected a number/],
    [
      'state',
      `tracking\nbusy\n${'lost\n'.repeat(4)}`,
      /One\.state\.txt:2: expected tracking or uncertain or lost/,
    ],
  ])('says what is wrong with a %s file', async (kind, text, message) => {
    const folder = join(root, 'wrong');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await writeFile(join(folder, 'One.txt'), '3,4.25,10.5,8\n'.repeat(FRAMES));
    await writeFile(join(folder, `One.${kind}.txt`), text);
    await expect(measureResults(sequences, new ResultFolder(folder))).rejects.toThrow(message);
  });

  it('lets the first score be anything, as the given frame has none', async () => {
    const folder = join(root, 'first');
    await mkdir(folder);
    await writeFile(join(folder, 'One.txt'), '3,4.25,10.5,8\n'.repeat(FRAMES));
    await writeFile(join(folder, 'One.score.txt'), `\n${'12.5\n'.repeat(FRAMES - 1)}`);
    const { honest } = await measureResults(sequences.slice(0, 1), new ResultFolder(folder));
    // No probabilities, so nothing to calibrate.
    expect(honest.score!.ece).toBeNaN();
    expect(honest.reliability).toBeNull();
  });

  it('says which result is missing, broken or short', async () => {
    const folder = join(root, 'foreign');
    const results = new ResultFolder(folder);
    await mkdir(folder);
    await expect(measureResults(sequences, results)).rejects.toThrow(
      /One\.txt: expected a readable text file/,
    );
    await writeFile(join(folder, 'One.txt'), '1,1,5,5\n1,1,5\n');
    await expect(measureResults(sequences, results)).rejects.toThrow(/One\.txt:2: expected four numbers/);
    await writeFile(join(folder, 'One.txt'), '1,1,5,5\n');
    await expect(measureResults(sequences, results)).rejects.toMatchObject({
      code: 'RESULTS_INVALID',
      message: 'One: expected 6 boxes, one a frame, got 1',
    });
  });
});
