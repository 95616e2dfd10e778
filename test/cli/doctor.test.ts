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

  const finding = (name: string) => report.findings.find((it) => it.name === name)!;

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

  it('looks at each provider with files of its own that are there', () => {
    for (const { detail } of report.findings) expect(detail).not.toMatch(/Cannot find module/);
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

  describe('where there is no ffmpeg', () => {
    let said: string[];
    let absence: number | null;

    beforeAll(() => {
      const without = {
        PATH: empty,
        FFMPEG_PATH: undefined,
        FFPROBE_PATH: undefined,
        SIAMTRACK_CACHE: empty,
      };
      const { stdout, status: code } = doctor([], without);
      said = stdout.split('\n');
      absence = code;
    });

    const line = (name: string) => said.findIndex((text) => text.slice(8).startsWith(`${name} `));

    it('misses it: status 1, and how to get it', () => {
      expect(absence).toBe(1);
      expect(said[line('ffmpeg')]).toMatch(/^FAILS .*ffmpeg was not found$/);
      expect(said[line('ffmpeg') + 1]).toMatch(/^ +-> .*install/);
      expect(said[line('ffprobe')]).toMatch(/^FAILS /);
    });

    it('still looks at what does not depend on it, and says the same to people, a line each', () => {
      expect(said[line('provider cpu')]).toMatch(/^works /);
      // What it finds in the cache folder and by the programs that are gone differs.
      const alike = ['node', 'sharp', 'onnxruntime-node', 'provider cpu'];
      for (const { name, detail } of report.findings.filter((one) => alike.includes(one.name)))
        expect(said[line(name)]).toContain(detail);
      for (const { name } of report.findings.filter((one) => !one.name.startsWith('ffmpeg ')))
        expect(line(name), name).toBeGreaterThan(-1);
    });
  });
});
