import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';
import { BoxesMessage } from '../../src/stream/index.js';
import { type Serving, serve } from '../stream/server/serving.js';

let serving: Serving;
const folder = mkdtempSync(join(tmpdir(), 'siamtrack-examples-'));
beforeAll(async () => {
  serving = await serve({}, { stream: { targets: [{ id: 'car', box: [20, 136, 56, 28] }] } });
});
afterAll(async () => {
  await serving.stop();
  rmSync(folder, { recursive: true });
});

/** Runs an example until it has printed what is waited for, or for a condition, and interrupts it. */
async function run(
  name: string,
  args: readonly string[],
  enough: (text: string) => boolean | Promise<boolean>,
) {
  const child = spawn(process.execPath, [join(packageRoot(), 'examples', name), ...args]);
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    await expect.poll(async () => enough(text), { timeout: 30_000, message: text }).toBe(true);
  } finally {
    child.kill('SIGINT');
  }
  return { status: await ended, text };
}

it('log-boxes prints where targets are', async () => {
  const { status, text } = await run('log-boxes.mjs', [serving.url], (text) => text.split('\n').length > 3);
  expect(text).toMatch(/^clip \d+ car -?\d+,-?\d+,\d+,\d+ [01]\.\d\d (tracking|uncertain|lost)$/m);
  expect(status).toBe(0);
});

it('alarm-zone tells of a target in a zone', async () => {
  const { status, text } = await run('alarm-zone.mjs', ['clip', '0,0,1,1', serving.url], (text) =>
    text.includes('enters'),
  );
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z car enters$/m);
  expect(status).toBe(0);
});

it('record writes the lines of a stream', async () => {
  const file = join(folder, 'clip.jsonl');
  const { status, text } = await run('record.mjs', ['clip', file, serving.url], async () => {
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    return Number(/siamtrack_messages_sent_total\{kind="boxes"\} (\d+)/.exec(metrics)?.[1] ?? 0) > 20;
  });
  expect([status, text]).toEqual([0, '']);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  for (const line of lines) expect(BoxesMessage.parse(JSON.parse(line)).stream).toBe('clip');
});
