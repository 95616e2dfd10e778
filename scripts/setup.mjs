// Makes a fresh clone ready: dependencies, ffmpeg, build. Does nothing, quickly, where all is in place.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildViewer } from './build-viewer.mjs';
import { mustRun, npm, root, run, say, stop, works } from './lib.mjs';

const stamps = join(root, '.cache', 'stamps');

function stampIs(name, value) {
  const file = join(stamps, name);
  return existsSync(file) && readFileSync(file, 'utf8') === value;
}

function stamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20)
    stop(`Node 20 or newer is needed, this is ${process.version}. See https://nodejs.org/en/download`);
}

/** Whether node_modules holds what the lockfile names; packages for other platforms may be absent. */
function dependenciesInPlace() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const has = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || (has[path] ? has[path].version === entry.version : entry.optional === true),
  );
}

function installDependencies() {
  if (dependenciesInPlace()) return;
  say('Installing dependencies (npm ci)...');
  const status = npm('ci', '--no-audit', '--no-fund');
  if (status !== 0)
    stop('npm ci failed: the lines above say why. A network or a registry is needed this once.', status);
}

/** How each package manager installs ffmpeg, in the order they are looked for. */
const MANAGERS = [
  {
    name: 'apt-get',
    check: '--version',
    steps: [
      ['apt-get', 'update'],
      ['apt-get', 'install', '-y', '--no-install-recommends', 'ffmpeg'],
    ],
  },
  { name: 'dnf', check: '--version', steps: [['dnf', 'install', '-y', 'ffmpeg-free']] },
  { name: 'apk', check: '--version', steps: [['apk', 'add', 'ffmpeg']] },
  { name: 'pacman', check: '--version', steps: [['pacman', '-Sy', '--noconfirm', 'ffmpeg']] },
  { name: 'brew', check: '--version', steps: [['brew', 'install', 'ffmpeg']], unprivileged: true },
];

function installFfmpeg() {
  const { FFMPEG_PATH = 'ffmpeg', FFPROBE_PATH = 'ffprobe' } = process.env;
  if (works(FFMPEG_PATH, ['-version']) && works(FFPROBE_PATH, ['-version'])) return;
  const manager = MANAGERS.find(({ name, check }) => works(name, [check]));
  if (!manager) {
    const advice =
      process.platform === 'win32' ? 'winget install Gyan.FFmpeg' : 'see https://ffmpeg.org/download.html';
    stop(`ffmpeg and ffprobe are needed and were not found. Install them, then run this again: ${advice}`);
  }
  const isRoot = process.getuid?.() === 0;
  const prefix = manager.unprivileged || isRoot ? [] : works('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
  const commands = manager.steps.map((step) => [...(prefix ?? ['sudo']), ...step]);
  const shown = commands
    .map((command) => command.join(' '))
    .join(' && ')
    .replaceAll('sudo -n', 'sudo');
  if (!prefix)
    stop(`ffmpeg is needed and this user may not install it. Run, then try again:\n\n  ${shown}\n`);
  say(`Installing ffmpeg: ${shown}`);
  for (const [program, ...args] of commands) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // stdout belongs to what the person asked for; a package manager's talk goes to stderr.
    if (run(program, args, { env, stdio: ['ignore', 2, 2] }) !== 0) {
      stop(`That failed. ffmpeg is needed: install it by hand, then try again:\n\n  ${shown}\n`);
    }
  }
  if (!works('ffprobe', ['-version']))
    stop('ffmpeg was installed but ffprobe still cannot be run; is its folder on PATH?');
}

/** A digest of the names, sizes and times of the sources a build reads. */
function sourcesDigest(folders) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) if (!name.startsWith('.')) visit(join(path, name));
    } else hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const folder of folders) visit(join(root, folder));
  return hash.digest('hex');
}

/** Runs `make` where `output` is not there or older than what it is made of. */
function makeWhereStale(name, output, sources, make) {
  const wanted = sourcesDigest([...sources, 'package-lock.json', 'tsconfig.json']);
  if (existsSync(join(root, output)) && stampIs(name, wanted)) return;
  say(`Building (${name})...`);
  make();
  stamp(name, wanted);
}

function compile(name, project, output, sources) {
  makeWhereStale(name, output, [...sources, project], () =>
    mustRun(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project]),
  );
}

/** Dependencies and ffmpeg, so that everything in the repository can run. */
export function prepare() {
  checkNode();
  installDependencies();
  installFfmpeg();
}

/** Compiles `src` to `dist`, the viewer for browsers, where that is out of date. */
export function build() {
  compile('build', 'tsconfig.build.json', 'dist/cli/main.js', ['src']);
  const viewer = ['src/stream', 'tsconfig.viewer.json', 'scripts/build-viewer.mjs'];
  makeWhereStale('viewer', 'dist/stream/viewer/index.html', viewer, () => buildViewer());
  chmodSync(join(root, 'dist/cli/main.js'), 0o755);
}

/** Compiles `src`, `bench` and `fixtures` to `.cache/tools`, from where the scripts run them. */
export function buildTools() {
  compile('tools', 'tsconfig.tools.json', '.cache/tools/src', ['src', 'bench', 'fixtures']);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  prepare();
  build();
  say('Ready. Try: npm run demo');
}
