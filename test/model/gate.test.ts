import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';
import { enterGate, isLeaving, leaveGate, makeGate, shutGate } from '../../src/model/gate.js';

const run = promisify(execFile);

describe('the gate of a thread', () => {
  it('lets an idle thread be ended, which then does not begin to compute', () => {
    const gate = makeGate();
    expect(enterGate(gate)).toBe(true);
    expect(leaveGate(gate)).toBe(true);
    expect(shutGate(gate)).toBe(true);
    expect(enterGate(gate)).toBe(false);
  });

  it('has a thread that computes end itself when it is done', () => {
    const gate = makeGate();
    enterGate(gate);
    expect(isLeaving(gate)).toBe(false);
    expect(shutGate(gate)).toBe(false);
    expect(isLeaving(gate)).toBe(true);
    expect(leaveGate(gate)).toBe(false);
    expect(shutGate(gate)).toBe(true);
  });
});

describe('a process whose second thread computes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-gate-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const model = pathToFileURL(join(packageRoot(), 'dist/model/index.js')).href;

  /** A batch on two threads of the default model, and an end in the middle of it. */
  const program = (end: string, timeouts = {}) => `
    const { loadModel } = await import(${JSON.stringify(model)});
    const options = { threads: 2, precision: 'float32', timeouts: ${JSON.stringify(timeouts)}, onEvent() {} };
    const model = await loadModel('default', options);
    const noise = (out, at) => { for (let k = 0; k < 3 * 255 * 255; k++) out[at + k] = (k * 31) % 256; };
    const all = Array.from({ length: 60 }, () => model.encoder.embed(255, noise).catch(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 100));
    ${end}
    console.log('ended well');`;

  it.each([
    ['is disposed', program('await model.dispose();')],
    ['is left to itself', program('')],
    ['ends by process.exit', program("console.log('ended well'); process.exit();")],
    [
      'is given up for not answering',
      program('await Promise.all(all); await model.dispose();', { callMs: 1, startMs: 2000 }),
    ],
  ])('is not torn down with it when it %s', async (_, text) => {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, text);
    expect((await run(process.execPath, [file])).stdout).toContain('ended well');
  });
});
