import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { describeError, ExitCode, exitCodeOf } from '../../src/cli/exit.js';
import { InvalidArgumentError, packageRoot, SiamtrackError } from '../../src/common/index.js';

describe('what an error does to a command', () => {
  it('is usage where the person asked wrongly, failure where the work could not be done', () => {
    expect(exitCodeOf(new InvalidArgumentError('--box', 'x,y,w,h', '1,2'))).toBe(ExitCode.usage);
    expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', 'unknown'))).toBe(ExitCode.usage);
    expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', 'help'))).toBe(ExitCode.ok);
    expect(exitCodeOf(new SiamtrackError('MODEL_NOT_FOUND', 'no model'))).toBe(ExitCode.failure);
    expect(exitCodeOf('thrown text')).toBe(ExitCode.failure);
  });

  it('is shown as code and message, with its causes and without a stack', () => {
    const cause = new SiamtrackError('FRAME_BROKEN', 'frame 7 ends early');
    expect(describeError(new SiamtrackError('SOURCE_BROKEN', 'cannot read a.mp4', { cause }))).toBe(
      'SOURCE_BROKEN: cannot read a.mp4\n  because FRAME_BROKEN: frame 7 ends early',
    );
  });

  it('keeps the stack of an error that nobody foresaw', () => {
    expect(describeError(new TypeError('x is not a function'))).toMatch(
      /TypeError: x is not a function\n +at /,
    );
  });

  it('ends where causes go round in a circle', () => {
    const error = new Error('round') as Error & { cause: unknown };
    error.cause = error;
    expect(describeError(error).match(/because/g)?.length).toBeLessThan(10);
  });
});

describe('the siamtrack command', () => {
  const main = join(packageRoot(), 'dist/cli/main.js');
  const siamtrack = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

  it('names every command in its help', () => {
    const { status, stdout } = siamtrack('--help');
    expect(status).toBe(0);
    for (const command of ['track', 'evaluate', 'compare', 'doctor'])
      expect(stdout).toContain(`  ${command}`);
  });

  it('refuses an unknown command or option with status 2 and says so on stderr', () => {
    for (const args of [['follow'], ['track', '--bax', '1,2,3,4', 'a.mp4'], ['doctor', 'now']]) {
      const { status, stdout, stderr } = siamtrack(...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^error: /);
    }
  });
});
