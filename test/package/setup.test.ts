import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';

/** A folder that is the whole PATH of the set-up: what is not in it is not installed. */
let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'siamtrack-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

function setup(env: NodeJS.ProcessEnv = {}) {
  const { FFMPEG_PATH: _ffmpeg, FFPROBE_PATH: _ffprobe, ...rest } = process.env;
  return spawnSync(process.execPath, [join(packageRoot(), 'scripts/setup.mjs')], {
    encoding: 'utf8',
    env: { ...rest, PATH: bin, ...env },
  });
}

function program(name: string, text: string) {
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(process.platform === 'win32')('setting up where ffmpeg is missing', () => {
  it('says so and stops where there is no package manager', () => {
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain('ffmpeg and ffprobe are needed');
  });

  it.runIf(isRoot)('installs it by the package manager where that is permitted', () => {
    // Installing puts the machine's real ffmpeg into the folder.
    const find = (name: string) =>
      (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
    const links = ['ffmpeg', 'ffprobe'].map((name) => {
      const real = find(name).find((path) => spawnSync(path, ['-version']).status === 0)!;
      return `/bin/ln -s ${real} ${join(bin, name)}`;
    });
    program(
      'apt-get',
      `echo "$*" >> ${join(bin, 'log')}\n[ "$1" = install ] && ${links.join(' && ')}\nexit 0`,
    );
    const { status, stdout } = setup();
    expect(status).toBe(0);
    expect(stdout).toBe('');
    expect(readFileSync(join(bin, 'log'), 'utf8').split('\n')).toEqual([
      '--version',
      'update',
      'install -y --no-install-recommends ffmpeg',
      '',
    ]);
  });

  it.runIf(isRoot)('says what to run where the package manager fails', () => {
    program('apt-get', '[ "$1" = --version ]');
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain('  apt-get update && apt-get install -y --no-install-recommends ffmpeg\n');
  });

  it.skipIf(isRoot)('says what to run, and runs nothing, where this user may not install', () => {
    program('apt-get', `echo "$*" >> ${join(bin, 'log')}`);
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain(
      '  sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg\n',
    );
    expect(readFileSync(join(bin, 'log'), 'utf8')).toBe('--version\n');
  });
});

describe.skipIf(process.platform === 'win32')('setting up where all is in place', () => {
  it('installs nothing, also where ffmpeg is named by FFMPEG_PATH and FFPROBE_PATH', () => {
    program('somewhere-else', 'exit 0');
    symlinkSync(join(bin, 'somewhere-else'), join(bin, 'probe'));
    const { status, stderr } = setup({
      FFMPEG_PATH: join(bin, 'somewhere-else'),
      FFPROBE_PATH: join(bin, 'probe'),
    });
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/Installing/);
  });
});
