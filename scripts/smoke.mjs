// `npm run smoke [-- MAJOR...]`: packs the package, installs it in an empty folder as a user would, and uses it with
// each node named (the newest supported one by default). Says what failed and ends with a status other than 0.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { committedClip, compareWithTruth } from './clip-run.mjs';
import { npm, say } from './lib.mjs';
import { build, prepare } from './setup.mjs';

prepare();
build();

const NEWEST = '26';
const majors = process.argv.slice(2).length > 0 ? process.argv.slice(2) : [NEWEST];
const folder = mkdtempSync(join(tmpdir(), 'siamtrack-smoke-'));
const clip = committedClip('moving');

// Settings of this repository and of the npm that started this must not reach the user's folder, and the native
// library that an install script would fetch is out of reach: the installation has to be whole without.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name) || /^npm_config_(registry|cache|userconfig|globalconfig)$/i.test(name),
  ),
);
env.CDN_STORAGE = 'http://127.0.0.1:9/';

function must(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: 'utf8', env, maxBuffer: 1 << 26, ...options });
  if (result.status === 0) return result.stdout;
  say(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  throw new Error(`status ${result.status ?? result.error}: ${program} ${args.join(' ')}`);
}

function inFolder(name, manifest) {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, private: true, ...manifest }));
  return path;
}

/** A node of that major version, from npm's platform packages, which need no install script. */
function nodeBinary(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const path = inFolder(`node${major}`);
  must('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${major}`], { cwd: path });
  return join(path, 'node_modules', name, 'bin', 'node');
}

function check(node, home) {
  const version = must(node, ['--version']).trim();
  const main = join(home, 'node_modules/siamtrack/dist/cli/main.js');
  const siamtrack = (...args) => must(node, [main, ...args], { cwd: home });
  if (!siamtrack('--help').includes('track')) throw new Error('--help does not name the command track');
  const doctor = JSON.parse(siamtrack('doctor', '--json'));
  if (!doctor.ok) throw new Error(`doctor: ${JSON.stringify(doctor.findings)}`);
  siamtrack(
    'track',
    clip.video,
    '--box',
    clip.boxes[0].join(','),
    '--out',
    'boxes.jsonl',
    '--preview',
    'preview.mp4',
  );
  const { messages, mean } = compareWithTruth(join(home, 'boxes.jsonl'), clip);
  if (messages.length !== clip.frames) throw new Error(`${messages.length} frames, expected ${clip.frames}`);
  if (!(mean > 0.5)) throw new Error(`mean overlap with the truth is ${mean}`);
  if (!existsSync(join(home, 'preview.mp4'))) throw new Error('no preview was written');
  const count = must(
    node,
    ['--input-type=module', '-e', "console.log(Object.keys(await import('siamtrack')).length)"],
    { cwd: home },
  );
  if (!(Number(count) > 0)) throw new Error('the library exports nothing');
  return `node ${version}: ${messages.length} frames followed, mean overlap ${mean.toFixed(3)}, ${Number(count)} exports`;
}

try {
  if (npm('pack', '--silent', '--pack-destination', folder) !== 0) throw new Error('npm pack failed');
  const home = inFolder('home');
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  must('npm', ['install', '--no-audit', '--no-fund', join(folder, tarball)], { cwd: home });
  if (!existsSync(join(home, 'node_modules/.bin/siamtrack')))
    throw new Error('npm made no siamtrack command');
  for (const major of majors) process.stdout.write(`${check(nodeBinary(major), home)}\n`);
} catch (error) {
  say(`Smoke test failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
