import { type ChildProcess, spawn } from 'node:child_process';
import { expect } from 'vitest';
import { MAIN } from './run.js';

/** A `siamtrack ARGS` that goes on by itself, and the JSON lines it prints. */
export class CliProcess {
  readonly child: ChildProcess;
  /** Its exit status; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** The lines of stdout. */
  readonly lines: Record<string, unknown>[] = [];
  /** All it said, on stdout and stderr. */
  text = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, SIAMTRACK_TOKEN: '' } });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    let rest = '';
    this.child.stderr?.on('data', (chunk) => {
      this.text += chunk;
    });
    this.child.stdout?.on('data', (chunk) => {
      this.text += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.lines.push(JSON.parse(line));
    });
  }

  /** The last line with these fields, of those that came. */
  find(fields: Record<string, unknown>): Record<string, unknown> | undefined {
    return this.lines.findLast((line) => Object.entries(fields).every(([key, value]) => line[key] === value));
  }

  has(fields: Record<string, unknown>): boolean {
    return this.find(fields) !== undefined;
  }

  /** The last line with these fields, of those that came or will come. */
  async line(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    await expect
      .poll(() => this.has(fields), { timeout: 60_000, interval: 20, message: this.text })
      .toBe(true);
    return this.find(fields) ?? {};
  }

  /** Ends it at once, if it has not ended. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
