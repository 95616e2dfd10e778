import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';
import { createEngine } from '../../src/model/create-engine.js';
import type { Engine } from '../../src/model/engine.js';
import type { EngineSetup } from '../../src/model/engine-setup.js';
import { type EngineEvent, parseManifest, SharedEncoder } from '../../src/model/index.js';
import { WorkerEngine } from '../../src/model/worker-engine.js';
import { TargetGroup, type TrackResult } from '../../src/tracker/index.js';
import { drawPicture } from './pictures.js';
import { writeTinyModel } from './tiny-model.js';

/** What goes wrong inside the engine's thread, from its n-th call on: once, or for good. */
const MISHAPS = {
  throws: `const lost = () => { throw new Error('device lost'); };
    call = { ...call, cuts: { get length() { return lost(); }, entries: lost } };`,
  dies: `process.exit(3);`,
  hangs: `for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);`,
};
const CALLS_BEFORE = 7;
const FRAMES = 12;

describe('an engine that fails in the middle of it', () => {
  let folder: string;
  let scripts: string;
  let setup: EngineSetup;
  beforeAll(() => {
    folder = writeTinyModel();
    scripts = mkdtempSync(join(tmpdir(), 'siamtrack-kill-'));
    const manifest = parseManifest(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
    const paths = { encoder: join(folder, 'encoder.onnx'), head: join(folder, 'head.onnx') };
    setup = { engine: 'onnx', manifest, paths, threads: 1, precision: 'float32' };
  });
  afterAll(() => {
    for (const path of [folder, scripts]) rmSync(path, { recursive: true });
  });

  /** A thread that is as good as the real one until its n-th call; a flag file tells the next thread of the mishap. */
  function failing(mishap: keyof typeof MISHAPS, forGood: boolean): URL {
    const file = join(scripts, `${mishap}-${forGood}-${Math.random()}.mjs`);
    const real = pathToFileURL(join(packageRoot(), 'dist/model/engine-worker.js'));
    writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads';
      import { existsSync, writeFileSync } from 'node:fs';
      const happened = ${JSON.stringify(file)} + '.happened';
      let calls = existsSync(happened) ? ${forGood ? CALLS_BEFORE : -1e9} : 0;
      const on = parentPort.on.bind(parentPort);
      parentPort.on = (name, listener) => on(name, (call) => {
        if (call.kind !== 'start' && ++calls >= ${CALLS_BEFORE}) {
          ${forGood ? '' : 'calls = -1e9;'}
          writeFileSync(happened, '');
          ${MISHAPS[mishap]}
        }
        listener(call);
      });
      await import('${real}');`,
    );
    return pathToFileURL(file);
  }

  /** Two targets over some frames. */
  async function follow(engines: readonly Engine[], fallback?: () => Promise<Engine>) {
    const events: EngineEvent[] = [];
    const { manifest } = setup;
    const encoder = new SharedEncoder(engines, manifest.input.search, manifest.largestBatch, {
      fallback,
      onEvent: (event) => events.push(event),
    });
    const choice = { engine: 'onnx', precision: 'float32', how: 'asked', table: [], reason: '' } as const;
    const dispose = () => encoder.dispose();
    const group = new TargetGroup({ manifest, encoder, precision: 'float32', choice, dispose });
    const picture = (k: number) =>
      drawPicture(
        320,
        240,
        [20, 30, 40],
        [
          { box: [60 + 2 * k, 60, 40, 40], colour: [220, 40, 40] },
          { box: [180 - 2 * k, 120, 40, 40], colour: [40, 220, 40] },
        ],
      );
    await group.add('red', picture(0), [60, 60, 40, 40]);
    await group.add('green', picture(0), [180, 120, 40, 40]);
    const found: (readonly [string, TrackResult])[][] = [];
    for (let k = 1; k <= FRAMES; k++) found.push([...(await group.update(picture(k)))]);
    const { engines: left, load } = encoder;
    await encoder.dispose();
    return { found, events, left, load };
  }

  const threads = () => process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort/.test(name));

  it.each([
    ['throws', 'device lost'],
    ['dies', 'exited with code 3'],
    ['hangs', 'did not answer'],
  ] as const)('%s once: its targets go on as if nothing had been, with one event', async (mishap, said) => {
    const expected = await follow([await createEngine(setup)]);
    const before = threads();
    const timeouts = { callMs: 300 };
    const engine = await WorkerEngine.create(setup, timeouts, failing(mishap, false));
    const { found, events, load } = await follow([engine]);
    expect(found).toEqual(expected.found);
    expect(events.map(({ code }) => code)).toEqual(['ENGINE_RECOVERED']);
    expect(events[0].message).toContain(said);
    expect(load).toMatchObject({ waiting: 0, underWay: 0 });
    expect(threads()).toEqual(before);
  });

  it.each([
    ['throws', 'device lost'],
    ['dies', 'exited with code 3'],
    ['hangs', 'did not answer'],
  ] as const)('%s for good: the fallback takes over, and that is said once', async (mishap, said) => {
    const expected = await follow([await createEngine(setup)]);
    const before = threads();
    const timeouts = { callMs: 300, startMs: 3000 };
    const engine = await WorkerEngine.create(setup, timeouts, failing(mishap, true));
    const { found, events, left, load } = await follow([engine], () => createEngine(setup));
    expect(found).toEqual(expected.found);
    expect(events.map(({ code }) => code)).toEqual(['ENGINE_REPLACED']);
    expect(events[0].message).toContain(said);
    expect(left).toHaveLength(1);
    expect(load).toMatchObject({ waiting: 0, underWay: 0 });
    expect(threads()).toEqual(before);
  });

  it('beside another one: that one does its work', async () => {
    const expected = await follow([await createEngine(setup)]);
    for (const mishap of ['throws', 'dies', 'hangs'] as const) {
      const engine = await WorkerEngine.create(setup, { callMs: 300 }, failing(mishap, false));
      const { found, events } = await follow([await createEngine(setup), engine]);
      // Crops cut in the other thread start from another corner: the last digits differ.
      for (const [k, targets] of found.entries())
        for (const [i, [id, { box, state }]] of targets.entries()) {
          const [name, wanted] = expected.found[k][i];
          expect([id, state]).toEqual([name, wanted.state]);
          for (const [side, value] of box.entries())
            expect(Math.abs(value - wanted.box[side])).toBeLessThan(0.1);
        }
      expect(events.length).toBeLessThanOrEqual(1);
    }
  });

  it('with nothing to take over: the caller is told, and the next call starts anew', async () => {
    const engine = await WorkerEngine.create(setup, {}, failing('dies', true));
    const events: EngineEvent[] = [];
    const encoder = new SharedEncoder([engine], 255, 8, { onEvent: (event) => events.push(event) });
    const ask = () => encoder.embed(127, (out, offset) => void out.fill(1, offset, offset + 3 * 127 * 127));
    for (let k = 1; k < CALLS_BEFORE; k++) await ask();
    for (let k = 0; k < 2; k++)
      await expect(ask()).rejects.toMatchObject({ code: 'ENGINE_FAILED', message: /code 3/ });
    expect(events).toEqual([]);
    await encoder.dispose();
  });
});
