import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerFile } from '../../common/index.js';
import type { EngineSetup } from '../engine-setup.js';
import type { ProbeAnswer } from './probe.js';

/** A driver that hangs is as good as none; milliseconds. */
const LONGEST_PROBE_MS = 60_000;

/** Loads an engine in a process of its own and times it there. Never rejects. */
export function runProbe(setup: EngineSetup, timeout = LONGEST_PROBE_MS): Promise<ProbeAnswer> {
  const file = fileURLToPath(workerFile(import.meta.url, './probe.js'));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [file, JSON.stringify(setup)],
      { timeout, maxBuffer: 2 ** 24 },
      (error, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
        } catch {
          const why = error?.killed
            ? `did not answer within ${timeout / 1000} s`
            : (stderr.trim().split('\n').at(-1) ?? '') || `ended with ${error?.signal ?? error?.code}`;
          resolve({ problem: why });
        }
      },
    );
  });
}
