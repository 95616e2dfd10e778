import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { describeError, exitCodeOf } from '../../src/cli/exit.js';
import { packageRoot } from '../../src/common/index.js';

/** How a run of the command line ended. */
export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line, as `npm run build` leaves it. */
export const MAIN = join(packageRoot(), 'dist/cli/main.js');

/** Runs `siamtrack ARGS` to its end. */
export function siamtrack(
  args: readonly string[],
  { env = {}, onStart }: { env?: NodeJS.ProcessEnv; onStart?: (child: ChildProcess) => void } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
    onStart?.(child);
  });
}

/**
 * Runs one command within this process, for what a command refuses: the status that `siamtrack` would end with, and what it would say.
 *
 * @param register what gives the program its command
 */
export async function refusal(
  register: (program: Command) => void,
  args: readonly string[],
): Promise<{ status: number; message: string }> {
  const program = new Command('siamtrack').exitOverride().configureOutput({ writeErr: () => undefined });
  register(program);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    return { status: exitCodeOf(error), message: describeError(error) };
  }
  return { status: 0, message: '' };
}
