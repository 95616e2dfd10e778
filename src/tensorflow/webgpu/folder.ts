import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../../common/index.js';
import { dawnBuild, ENGINE_VERSION } from './packages.js';

const recordSchema = z.object({
  format: z.literal(1),
  /** Versions of TensorFlow.js and of Dawn's package. */
  version: z.string(),
  /** What must be there for the engine to load; paths relative to its folder, with `/`. */
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.number().int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  node: z.string(),
  installedAt: z.string(),
});

/** `engine.json`: what the installed engine is made of. Written last, so a folder without it is unfinished. */
export type WebGpuRecord = z.infer<typeof recordSchema>;

/** What is installed of TensorFlow.js on WebGPU, without loading it. */
export interface WebGpuStatus {
  readonly folder: string;
  /** Versions of TensorFlow.js and of Dawn's package; undefined where none is installed. */
  readonly version?: string;
  /** What is wrong with it, in words. */
  readonly problem?: string;
}

/** The folder that holds it: `webgpu` in the cache folder. */
export function webGpuFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'webgpu');
}

/** Where this release's engine is in that folder. */
export function engineFolder(root: string): string {
  return join(root, `${ENGINE_VERSION}-${process.platform}-${process.arch}`);
}

/** The files an engine cannot load without, relative to its folder. */
export function essentialFiles(): string[] {
  return [
    'node_modules/@tensorflow/tfjs/dist/tf.node.js',
    'node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js',
    'node_modules/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.node.js',
    'node_modules/webgpu/index.js',
    `node_modules/webgpu/dist/${dawnBuild().folder}/dawn.node`,
  ];
}

/** The record of an engine; undefined where there is none or it is unfinished. */
export function readRecord(folder: string): WebGpuRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Says whether TensorFlow.js on WebGPU is installed, whole. */
export function webGpuStatus(root: string = webGpuFolder()): WebGpuStatus {
  const folder = engineFolder(root);
  const record = existsSync(folder) ? readRecord(folder) : undefined;
  if (!record) return { folder };
  const missing = record.files.find(
    ({ path, bytes }) => statSync(join(folder, path), { throwIfNoEntry: false })?.size !== bytes,
  );
  const problem = missing && `${missing.path} is missing or cut short`;
  return { folder, version: record.version, ...(problem === undefined ? {} : { problem }) };
}
