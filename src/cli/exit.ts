import { CommanderError } from 'commander';
import { SiamtrackError } from '../common/index.js';

/** What the process's exit status means, the same for every command. */
export const ExitCode = {
  /** The command did what it was asked. */
  ok: 0,
  /** It could not; stderr says why. */
  failure: 1,
  /** It was asked wrongly: unknown command or option, or a value outside what is accepted. */
  usage: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit status that belongs to an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof SiamtrackError && error.code === 'INVALID_ARGUMENT') return ExitCode.usage;
  return ExitCode.failure;
}

/**
 * An error as a person at a terminal should read it: `CODE: message`, then each cause on its own line. Errors that
 * were not thrown on purpose keep their stack, because nobody foresaw them.
 */
export function describeError(error: unknown): string {
  const lines: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < 5; depth++) {
    lines.push(`${depth === 0 ? '' : '  because '}${describeOne(current)}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines.join('\n');
}

function describeOne(error: unknown): string {
  if (error instanceof SiamtrackError) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  // System errors (ENOENT, EACCES...) carry their code at the front of the message already.
  if ('syscall' in error) return error.message;
  return error.stack ?? error.message;
}

/** Prints the error to stderr and sets the exit status; open handles may still finish their work. */
export function reportError(error: unknown): void {
  process.exitCode = exitCodeOf(error);
  // commander has printed its own message, with the usage, by the time it throws.
  if (!(error instanceof CommanderError)) process.stderr.write(`${describeError(error)}\n`);
}
