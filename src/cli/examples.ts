import type { Command } from 'commander';

/** Ends a command's help with command lines as people type them. */
export function addExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${lines.map((line) => `  siamtrack ${line}`).join('\n')}`,
  );
}
