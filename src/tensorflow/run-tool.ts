import { spawn } from 'node:child_process';

/** What a finished program left. */
export interface ToolResult {
  /** Exit status; `null` where a signal ended it; `undefined` where it could not be started at all. */
  readonly status: number | null | undefined;
  readonly stdout: string;
  /** stderr and, where it was not kept apart, stdout: the last 64 KiB. */
  readonly log: string;
}

/** How to run a program. */
export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Shows what the program prints, as it prints it, on stderr (for a program with a progress bar of its own). */
  readonly show?: boolean;
}

const KEPT = 65_536;

/** Runs a program without a shell and waits for it. Never throws for what the program does. */
export function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const { cwd, env, show = false } = options;
  return new Promise((resolve) => {
    // Inherited, a progress bar sees the terminal it needs; stdout stays free for what the command prints.
    const stdio = show ? (['ignore', 2, 2] as const) : (['ignore', 'pipe', 'pipe'] as const);
    const child = spawn(program, args, { cwd, env, stdio: [...stdio] });
    let stdout = '';
    let log = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      log = (log + text).slice(-KEPT);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-KEPT);
    });
    child.on('error', (error) => resolve({ status: undefined, stdout, log: error.message }));
    child.on('close', (status) => resolve({ status, stdout, log }));
  });
}

/** The last lines of a program's output, for an error message. */
export function lastLines(text: string, count = 15): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
