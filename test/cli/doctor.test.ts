import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/run/doctor-checks.js';
import type { EngineReport } from '../../src/cli/run/doctor-engines.js';
import { packageRoot, packageVersion } from '../../src/common/index.js';

interface Report {
  readonly version: string;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly engines?: EngineReport;
}

const main = join(packageRoot(), 'dist/cli/main.js');

function doctor(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [main, 'doctor', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

describe('siamtrack doctor', () => {
  let empty: string;
  let report: Report;
  let status: number | null;

  beforeAll(() => {
    empty = mkdtempSync(join(tmpdir(), 'siamtrack-'));
    const result = doctor(['--json']);
    report = JSON.parse(result.stdout);
    status = result.status;
  });
  afterAll(() => rmSync(empty, { recursive: true, force: true }));

  const finding = (name: string, within = report) => within.findings.find((it) => it.name === name)!;

  it('finds what this very suite runs on', () => {
    expect(report.version).toBe(packageVersion());
    expect(finding('node')).toMatchObject({ works: true, detail: process.versions.node });
    for (const name of ['ffmpeg', 'ffprobe', 'sharp', 'onnxruntime-node']) {
      expect(finding(name)).toMatchObject({ works: true, needed: true });
      expect(finding(name).detail).toMatch(/^\d|^N/);
    }
  });

  it('has the CPU provider compute something', () => {
    expect(finding('provider cpu')).toMatchObject({ works: true, needed: true });
  });

  it('needs no GPU provider, and says what each absent one wants', () => {
    const others = report.findings.filter(({ name }) => /^provider (?!cpu)/.test(name));
    for (const { needed, works, advice } of others) {
      expect(needed).toBe(false);
      if (!works) expect(advice).toMatch(/GPU/);
    }
  });

  it('times every engine that works on the default model, and says what auto takes', () => {
    const { rows = [], chosen } = report.engines ?? {};
    expect(rows.map(({ engine }) => engine)).toContain('onnx');
    for (const { batch, problem } of rows) expect(batch ?? problem).toBeTruthy();
    expect(chosen).toMatch(/^onnx/);
  });

  it('is well, with status 0, where all that is needed works, and only there', () => {
    expect(report.ok).toBe(report.findings.every(({ works, needed }) => works || !needed));
    expect(status).toBe(report.ok ? 0 : 1);
  });

  it('gives advice for everything needed that fails', () => {
    for (const { works, needed, advice } of report.findings)
      if (needed && !works) expect(advice).toBeTruthy();
  });

  it('misses ffmpeg where there is none: status 1, and how to get it', () => {
    const result = doctor(['--json'], {
      PATH: empty,
      FFMPEG_PATH: undefined,
      FFPROBE_PATH: undefined,
      SIAMTRACK_CACHE: empty,
    });
    const without: Report = JSON.parse(result.stdout);
    expect([result.status, without.ok]).toEqual([1, false]);
    expect(finding('ffmpeg', without)).toMatchObject({ works: false, detail: 'ffmpeg was not found' });
    expect(finding('ffmpeg', without).advice).toContain('install');
    expect(finding('ffprobe', without).works).toBe(false);
    // What does not depend on it is still looked at.
    expect(finding('provider cpu', without).works).toBe(true);
  });

  it('prints the same for people, a line each', () => {
    const { stdout } = doctor([]);
    for (const { name, detail } of report.findings) {
      const line = stdout.split('\n').find((text) => text.slice(8).startsWith(`${name} `));
      expect(line).toContain(detail);
    }
  });
});
