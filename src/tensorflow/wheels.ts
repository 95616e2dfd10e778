import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EngineError } from './engine-error.js';
import { lastLines, runTool } from './run-tool.js';

/** A wheel on disk whose digest is known. */
export interface Wheel {
  readonly file: string;
  readonly name: string;
  readonly version: string;
  /** Of the whole wheel, lower-case hexadecimal. */
  readonly sha256: string;
}

/** Digests of the default version's wheels, as the package index publishes them. */
const PUBLISHED: Readonly<Record<string, string>> = {
  'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl':
    '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl':
    '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
};

/** One Python's wheel for everybody: its files are wanted and not its modules, and so its digest is known here. */
const PYTHON_TAG = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'];

/** SHA-256 of a file, lower-case hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/**
 * Downloads wheels with pip, which checks each against the digest in the index.
 *
 * @param requirements as pip writes them, e.g. `tensorflow-cpu==2.21.0`
 * @throws {EngineError} `ENGINE_DOWNLOAD`
 */
export async function downloadWheels(
  python: string,
  requirements: readonly string[],
  folder: string,
): Promise<void> {
  const platforms = platformTags().flatMap((tag) => ['--platform', tag]);
  const fixed = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  const show = process.stderr.isTTY === true;
  const args = [...fixed, ...PYTHON_TAG, ...platforms, '--dest', folder, ...requirements];
  const { status, log } = await runTool(python, args, { show });
  if (status === 0) return;
  throw new EngineError(
    'ENGINE_DOWNLOAD',
    `expected pip to download ${requirements.join(', ')} for ${process.platform}-${process.arch}; it ended with ` +
      `${status}. On a machine without a network, download the wheels elsewhere and use --from FOLDER.` +
      (show ? '' : `\n${lastLines(log)}`),
  );
}

/** What pip calls this machine: every manylinux tag up to the C library's version. */
function platformTags(): string[] {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const minor = glibcMinor();
  if (process.platform !== 'linux' || minor === undefined || !['x64', 'arm64'].includes(process.arch)) {
    throw new EngineError(
      'ENGINE_PLATFORM',
      'expected Linux with glibc on x64 or arm64, for which TensorFlow publishes its library in a form that can be ' +
        `used, got ${process.platform}-${process.arch}${process.platform === 'linux' ? ' without glibc' : ''}`,
    );
  }
  const tags = Array.from(
    { length: Math.max(0, minor - 16) },
    (_, k) => `manylinux_2_${minor - k}_${machine}`,
  );
  return [...tags, `manylinux2014_${machine}`, ...(machine === 'x86_64' ? ['manylinux1_x86_64'] : [])];
}

function glibcMinor(): number | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const match = /^2\.(\d+)/.exec(report.header?.glibcVersionRuntime ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Throws `ENGINE_PLATFORM` where no published library fits this machine. */
export function checkPlatform(): void {
  platformTags();
}

/**
 * The wheels of a distribution in a folder, newest version first.
 *
 * @param distribution as in the file name, e.g. `tensorflow_cpu`
 */
export function findWheels(folder: string, distribution: string): { file: string; version: string }[] {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return readdirSync(folder)
    .map((name) => ({ file: join(folder, name), parts: name.split('-') }))
    .filter(
      ({ file, parts }) => parts[0] === distribution && file.endsWith('.whl') && file.includes(`_${machine}`),
    )
    .map(({ file, parts }) => ({ file, version: parts[1] ?? '' }))
    .sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
}

/**
 * Takes the digest of a wheel and compares it with the published one, where that is known here.
 *
 * @throws {EngineError} `ENGINE_CHECKSUM`
 */
export async function checkWheel({ file, version }: { file: string; version: string }): Promise<Wheel> {
  const name = basename(file);
  const sha256 = await sha256OfFile(file);
  const published = PUBLISHED[name];
  if (published !== undefined && published !== sha256) {
    throw new EngineError(
      'ENGINE_CHECKSUM',
      `${file}: expected the published wheel with SHA-256 ${published}, got ${sha256}; download it again`,
    );
  }
  return { file, name, version, sha256 };
}

// Node has no reader for zip files. The script checks every file against the wheel's own RECORD as it writes it.
const UNPACK = `
import base64, csv, hashlib, io, os, re, sys, zipfile
wheel, target, pattern = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    record = next(n for n in z.namelist() if re.fullmatch(r'[^/]+\\.dist-info/RECORD', n))
    rows = csv.reader(io.TextIOWrapper(z.open(record), 'utf-8'))
    digests = {row[0]: row[1] for row in rows if len(row) > 1}
    for item in z.infolist():
        if item.is_dir() or not re.fullmatch(pattern, item.filename) or '..' in item.filename.split('/'):
            continue
        path = os.path.join(target, *item.filename.split('/'))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        digest = hashlib.sha256()
        with z.open(item) as source, open(path, 'wb') as out:
            for block in iter(lambda: source.read(1 << 20), b''):
                digest.update(block)
                out.write(block)
        got = 'sha256=' + base64.urlsafe_b64encode(digest.digest()).rstrip(b'=').decode()
        if digests.get(item.filename) != got:
            sys.exit(item.filename + ': expected ' + str(digests.get(item.filename)) + ', got ' + got)
`;

/**
 * Unpacks the files of a wheel whose whole path matches, each checked against the digest in the wheel's `RECORD`.
 *
 * @param pattern a regular expression in Python's and JavaScript's common syntax
 * @throws {EngineError} `ENGINE_CHECKSUM` where a file differs or the wheel is damaged
 */
export async function unpackWheel(
  python: string,
  wheel: string,
  folder: string,
  pattern: string,
): Promise<void> {
  const { status, log } = await runTool(python, ['-c', UNPACK, wheel, folder, pattern]);
  if (status === 0) return;
  throw new EngineError(
    'ENGINE_CHECKSUM',
    `${wheel}: expected a whole wheel whose files have the digests in its RECORD\n${lastLines(log, 3)}`,
  );
}

/** The requirements of one extra of a wheel, e.g. `and-cuda`, without their markers. */
export async function readExtra(python: string, wheel: string, extra: string): Promise<string[]> {
  const script =
    'import sys, zipfile\n' +
    'z = zipfile.ZipFile(sys.argv[1])\n' +
    "print(z.read(next(n for n in z.namelist() if n.endswith('.dist-info/METADATA'))).decode())";
  const { stdout } = await runTool(python, ['-c', script, wheel]);
  return stdout
    .split('\n')
    .map((line) => /^Requires-Dist: ([^;]+); *extra *== *["']([^"']+)["']/.exec(line.trim()))
    .filter((match) => match?.[2] === extra)
    .map((match) => match![1]!.trim());
}
