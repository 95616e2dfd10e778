import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { InvalidArgumentError } from '../common/index.js';
import { BatchError } from './errors.js';

/** One recorded video to work on. */
export interface BatchInput {
  /** Absolute path of a file or of a folder of stills, or an http(s) address. */
  readonly location: string;
  readonly kind: 'video' | 'stills' | 'url';
  /** What its outputs and its stream are called: forward slashes, no extension unless two inputs differ in it alone. */
  readonly name: string;
}

/** File names that are taken for videos where a folder is given; a file that is named itself may have any. */
const VIDEO = new Set(
  '.mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .m2v .ts .m2ts .mts .wmv .flv .ogv .3gp .mxf .vob .h264 .h265 .hevc .264 .265 .ivf .y4m .dav .asf'.split(
    ' ',
  ),
);
const STILL = /\.(jpe?g|png|webp|tiff?|bmp|gif|avif)$/i;

interface Found {
  readonly location: string;
  readonly kind: BatchInput['kind'];
  /** The path that names it: below the folder it was found in, else the file's own name. */
  readonly path: string;
}

/**
 * Turns files, folders, globs and http(s) addresses into videos, in a stable order without repetition. A folder holds videos at any
 * depth; a folder whose own entries are pictures (and no videos) is one video made of stills. Hidden files are passed by.
 *
 * @param out a folder below which nothing is an input: the one of results
 * @throws {BatchError} `NO_INPUTS` naming an argument that brings nothing, `NAME_TAKEN`
 */
export async function expandInputs(inputs: readonly string[], out?: string): Promise<BatchInput[]> {
  const found = new Map<string, Found>();
  const skip = out === undefined ? undefined : resolve(out);
  for (const input of inputs) {
    const some = (await expandOne(input)).filter(
      ({ location, kind }) =>
        kind === 'url' || skip === undefined || !isBelow(location, skip) || location === resolve(input),
    );
    if (some.length === 0)
      throw new BatchError(
        'NO_INPUTS',
        `expected a video, a folder with videos or stills, or a glob that matches some, got ${input}`,
      );
    for (const one of some) if (!found.has(one.location)) found.set(one.location, one);
  }
  if (found.size === 0) throw new BatchError('NO_INPUTS', 'expected videos to work on, got none');
  return named([...found.values()]);
}

/** What an address calls its file. */
function lastName(address: string): string | undefined {
  try {
    return decodeURIComponent(new URL(address).pathname.split('/').pop() ?? '');
  } catch {
    throw new InvalidArgumentError(
      'input',
      'an address that can be read',
      address.replace(/^(\w+:\/\/)[^/]*@|\?.*$/gs, '$1'),
    );
  }
}

async function expandOne(input: string): Promise<Found[]> {
  if (/^https?:\/\//i.test(input)) {
    const path = lastName(input) || 'video';
    return [{ location: input, kind: 'url', path: safe(path) }];
  }
  const entry = await stat(input).catch(() => null);
  if (entry?.isDirectory()) return expandFolder(resolve(input));
  if (entry) return [{ location: resolve(input), kind: 'video', path: basename(input) }];
  if (!isDynamicPattern(input)) return [];
  const pattern = input.split(sep).join('/');
  const matches = await glob(pattern, { absolute: true, onlyFiles: false, expandDirectories: false });
  const all = await Promise.all(matches.sort().map((match) => expandOne(match.replace(/[/\\]$/, ''))));
  return all.flat();
}

async function expandFolder(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  const look = async (inner: string): Promise<void> => {
    const entries = (await readdir(inner, { withFileTypes: true }))
      .filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const videos = entries.filter(({ name }) => VIDEO.has(extname(name).toLowerCase()));
    if (videos.length === 0 && entries.some((one) => !one.isDirectory() && STILL.test(one.name))) {
      // Benchmarks keep the stills of NAME in NAME/img.
      const own = basename(inner) === 'img' && inner !== folder ? dirname(inner) : inner;
      found.push({ location: inner, kind: 'stills', path: relative(folder, own) || basename(own) });
      return;
    }
    for (const { name } of videos) {
      const location = join(inner, name);
      // A link's own entry does not say whether it leads to a file.
      if ((await stat(location).catch(() => null))?.isFile())
        found.push({ location, kind: 'video', path: relative(folder, location) });
    }
    for (const one of entries) if (one.isDirectory()) await look(join(inner, one.name));
  };
  await look(folder);
  return found;
}

/** Short names, and longer ones where short ones would be the same. */
function named(found: readonly Found[]): BatchInput[] {
  const stem = (path: string, kind: Found['kind']) => {
    const text = path.split(sep).join('/');
    return kind === 'stills' ? text : text.slice(0, text.length - extname(text).length) || text;
  };
  let names = found.map(({ path, kind }) => stem(path, kind));
  const lengthen = (name: (one: Found) => string) => {
    const count = new Map<string, number>();
    for (const one of names) count.set(one, (count.get(one) ?? 0) + 1);
    names = names.map((one, k) => ((count.get(one) ?? 0) > 1 ? name(found[k]) : one));
  };
  const parent = commonFolder(found.filter(({ kind }) => kind !== 'url').map(({ location }) => location));
  lengthen(({ path }) => path.split(sep).join('/'));
  lengthen((one) => stem(one.kind === 'url' ? one.path : relative(parent, one.location), one.kind));
  lengthen((one) => (one.kind === 'url' ? one.path : relative(parent, one.location)).split(sep).join('/'));
  const seen = new Map<string, string>();
  return found.map(({ location, kind }, k) => {
    const name = names[k];
    const before = seen.get(name);
    if (before !== undefined)
      throw new BatchError(
        'NAME_TAKEN',
        `expected inputs with names of their own, got ${before} and ${location}, both ${name}`,
      );
    seen.set(name, location);
    return { location, kind, name };
  });
}

function commonFolder(paths: readonly string[]): string {
  if (paths.length === 0) return sep;
  let folder = dirname(paths[0]);
  while (!paths.every((path) => isBelow(path, folder))) folder = dirname(folder);
  return folder;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function safe(name: string): string {
  return name.replace(/[/\\:*?"<>|\p{Cc}]/gu, '_');
}
