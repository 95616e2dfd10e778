import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../common/index.js';

/** The package whose compiled addon connects Node to TensorFlow's C library. */
export const ADDON_PACKAGE = '@tensorflow/tfjs-node-gpu';

/** The built addon, relative to its package. */
export const ADDON = 'lib/napi-v8/tfjs_binding.node';

/** Its last release, whose sources are the ones that get built. */
export const ADDON_VERSION = '4.22.0';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z.object({
  format: z.literal(1),
  version: z.string(),
  variant: z.enum(['cpu', 'gpu']),
  /** File name and digest of each wheel the files came from; empty where they came unpacked. */
  wheels: z.array(z.object({ name: z.string(), sha256 })),
  /** What must be there for the engine to load; paths relative to the engine's folder, with `/`. */
  files: z.array(z.object({ path: z.string(), bytes: z.number().int().nonnegative(), sha256 })),
  /** Node that the addon was built with, for information: it loads in every later one (Node-API 8). */
  node: z.string(),
  installedAt: z.string(),
});

/** `engine.json`: what an installed engine is made of. Written last, so a folder without it is unfinished. */
export type EngineRecord = z.infer<typeof recordSchema>;

/** An installed TensorFlow: its folder (with `node_modules` in it) and its record. */
export interface InstalledEngine {
  readonly folder: string;
  readonly record: EngineRecord;
}

/** The folder that holds every installed TensorFlow: `tensorflow` in the cache folder. */
export function enginesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'tensorflow');
}

/** Name of the folder of one engine: version, variant, platform and processor. */
export function engineName(version: string, variant: 'cpu' | 'gpu'): string {
  return `${version}-${variant}-${process.platform}-${process.arch}`;
}

/** The folder of the addon's package in an engine's folder. */
export function addonPackageFolder(folder: string): string {
  return join(folder, 'node_modules', ...ADDON_PACKAGE.split('/'));
}

/** The engine in a folder, or `undefined` where there is none or it is unfinished. */
export function readEngine(folder: string): InstalledEngine | undefined {
  const file = join(folder, 'engine.json');
  if (!existsSync(file)) return undefined;
  try {
    return { folder, record: recordSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
  } catch {
    // Cut short or written by another release: the same as not being there, and an install replaces it.
    return undefined;
  }
}

/** Installed engines for this platform, the one installed last (the one that is used) first. */
export function listEngines(root: string = enginesFolder()): InstalledEngine[] {
  if (!existsSync(root)) return [];
  const suffix = `-${process.platform}-${process.arch}`;
  return readdirSync(root)
    .filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    .map((name) => readEngine(join(root, name)))
    .filter((engine) => engine !== undefined)
    .sort((a, b) => b.record.installedAt.localeCompare(a.record.installedAt));
}

/** The first of an engine's files that is missing or has another size, or `undefined` where all are there. */
export function findMissingFile({ folder, record }: InstalledEngine): string | undefined {
  return record.files.find(({ path, bytes }) => {
    const stat = statSync(join(folder, path), { throwIfNoEntry: false });
    return stat?.size !== bytes;
  })?.path;
}
