import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from './engine-error.js';
import { findUnpackedLibrary } from './unpacked.js';
import { checkWheel, downloadWheels, findWheels, readExtra, unpackWheel, type Wheel } from './wheels.js';

/** TensorFlow's C library, ready to be linked against. */
export interface Library {
  /** Holds the libraries and `include/`. */
  readonly folder: string;
  /** Whether `folder` is ours to move out of. */
  readonly disposable: boolean;
  readonly version?: string;
  readonly wheels: { name: string; sha256: string }[];
  /** A folder with NVIDIA's libraries, one folder for each of their packages. */
  readonly cuda?: string;
}

/** Where to take a library from and where to put it. */
export interface LibraryRequest {
  readonly python: string;
  /** An empty folder for downloads and what is unpacked. */
  readonly scratch: string;
  /** `undefined`: the newest there is in `from`. */
  readonly version?: string;
  readonly variant: 'cpu' | 'gpu';
  readonly from?: string;
  readonly onStep: (step: string) => void;
}

/** The libraries, and of 13,000 headers the few that the addon's sources include, in old and new places. */
const WANTED =
  'tensorflow/(libtensorflow_(cc|framework)\\.so\\.2' +
  '|include/tensorflow/c/.*\\.h' +
  '|include/((tensorflow/)?tsl|tensorflow/core)/platform/ctstring(_internal)?\\.h' +
  '|include/(tsl|xla/tsl)/c/.*\\.h)';

/** The Python distribution that holds a variant, as in its wheels' file names. */
export function distributionOf(variant: 'cpu' | 'gpu'): string {
  return variant === 'gpu' ? 'tensorflow' : 'tensorflow_cpu';
}

/**
 * Finds or downloads TensorFlow's library and unpacks what is needed of it.
 *
 * @throws {EngineError} `ENGINE_DOWNLOAD`, `ENGINE_FILES`, `ENGINE_CHECKSUM`
 */
export async function obtainLibrary(request: LibraryRequest): Promise<Library> {
  const { python, scratch, version, variant, from, onStep } = request;
  const distribution = distributionOf(variant);
  const downloads = from ?? join(scratch, 'wheels');
  if (from === undefined) {
    const requirement = `${distribution.replace('_', '-')}==${version}`;
    onStep(`Downloading ${requirement} (${variant === 'gpu' ? '570' : '270'} MB)`);
    mkdirSync(downloads);
    await downloadWheels(python, [requirement], downloads);
  }
  const found = findWheels(downloads, distribution).find(
    (wheel) => version === undefined || wheel.version === version,
  );
  if (found === undefined) return useUnpacked(request, downloads, distribution);
  onStep('Checking the wheel');
  const wheel = await checkWheel(found);
  const unpacked = join(scratch, 'unpacked');
  onStep('Unpacking the library');
  await unpackWheel(python, wheel.file, unpacked, WANTED);
  const cuda = variant === 'gpu' ? await addCuda(request, wheel, downloads, unpacked) : [];
  return {
    folder: join(unpacked, 'tensorflow'),
    disposable: true,
    version: wheel.version,
    wheels: [wheel, ...cuda].map(({ name, sha256 }) => ({ name, sha256 })),
    cuda: cuda.length > 0 ? join(unpacked, 'nvidia') : undefined,
  };
}

async function useUnpacked(
  { from, version, onStep }: LibraryRequest,
  folder: string,
  distribution: string,
): Promise<Library> {
  const library = from === undefined ? undefined : await findUnpackedLibrary(from);
  const right = version === undefined || library?.version === undefined || library.version === version;
  if (library === undefined || !right) {
    throw new EngineError(
      'ENGINE_FILES',
      `${folder}: expected ${distribution}-${version ?? 'VERSION'}-...whl for this machine, or libtensorflow_cc.so.2 ` +
        `unpacked from it, got ${library ? `TensorFlow ${library.version}` : readdirSync(folder).slice(0, 5).join(', ') || 'nothing'}`,
    );
  }
  if (!library.verified) onStep('No RECORD beside the library: its digests are noted and cannot be compared');
  return { folder: library.folder, disposable: false, version: library.version, wheels: [] };
}

/**
 * Unpacks the CUDA libraries that a GPU wheel asks for. They go where the library looks for them by itself:
 * `../nvidia/PACKAGE/lib` as seen from its own folder. From a folder, those that are missing there are left to the
 * system's CUDA.
 */
async function addCuda(
  { python, scratch, from, onStep }: LibraryRequest,
  wheel: Wheel,
  downloads: string,
  unpacked: string,
): Promise<Wheel[]> {
  const requirements = await readExtra(python, wheel.file, 'and-cuda');
  if (from === undefined) {
    onStep(`Downloading ${requirements.length} CUDA packages (several GB)`);
    await downloadWheels(python, requirements, join(scratch, 'wheels'));
  }
  const wheels: Wheel[] = [];
  for (const requirement of requirements) {
    const distribution = (/^[\w.-]+/.exec(requirement)?.[0] ?? requirement).replaceAll('-', '_');
    const [found] = findWheels(downloads, distribution);
    if (found === undefined) {
      onStep(`${distribution} is not in ${downloads}: the system's is used where there is one`);
      continue;
    }
    onStep(`Unpacking ${distribution}`);
    const checked = await checkWheel(found);
    await unpackWheel(python, checked.file, unpacked, 'nvidia/[^/]+/lib/.*\\.so[.\\d]*');
    wheels.push(checked);
  }
  return wheels;
}
