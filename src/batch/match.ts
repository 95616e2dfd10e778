import { dirname, extname, resolve, sep } from 'node:path';
import { BatchError } from './errors.js';
import type { BatchInput } from './inputs.js';
import type { BatchTarget } from './target.js';
import type { TargetEntry } from './targets-file.js';

/** Which targets each input has, and what of the targets file is for none. */
export interface MatchedTargets {
  readonly targets: ReadonlyMap<BatchInput, readonly BatchTarget[]>;
  readonly unused: readonly TargetEntry[];
}

/**
 * Brings inputs and the lines of a targets file together. A line's video is a path (from the targets file's folder, or from the
 * working folder), the end of a path by whole names (`a/clip.mp4` is `/data/a/clip.mp4`), an input's name, an address, or `*` for every
 * input; the extension may be left out.
 *
 * @throws {BatchError} `TARGETS_INVALID` where one line could mean several inputs, or an input has two targets of one id
 */
export function matchTargets(
  inputs: readonly BatchInput[],
  entries: readonly TargetEntry[],
  file: string,
): MatchedTargets {
  const found = new Map<BatchInput, BatchTarget[]>();
  const unused: TargetEntry[] = [];
  const known = new Map<string, readonly BatchInput[]>();
  const folder = dirname(resolve(file));
  for (const entry of entries) {
    const { video, line, target } = entry;
    let matching = known.get(video);
    if (!matching) {
      matching = video === '*' ? inputs : meant(inputs, video, folder);
      known.set(video, matching);
    }
    if (video !== '*' && matching.length > 1) {
      const names = matching.map(({ location }) => location).join(', ');
      throw new BatchError(
        'TARGETS_INVALID',
        `${file}:${line}: video: expected one input, got ${video}, which could be ${names}`,
      );
    }
    if (matching.length === 0) unused.push(entry);
    for (const input of matching) {
      const targets = found.get(input) ?? [];
      if (targets.some(({ id }) => id === target.id))
        throw new BatchError(
          'TARGETS_INVALID',
          `${file}:${line}: id: expected one that no other target of ${input.name} has, got ${target.id}`,
        );
      found.set(input, [...targets, target]);
    }
  }
  return { targets: found, unused };
}

/** The best kind of match counts: exact before ends, whole before without extension. */
function meant(inputs: readonly BatchInput[], video: string, folder: string): BatchInput[] {
  const exact = new Set([video, resolve(folder, video), resolve(video)]);
  const end = `/${video
    .split(sep)
    .join('/')
    .replace(/^(\.\/)+/, '')
    .replace(/\/+$/, '')}`;
  const slashed = (location: string) => location.split(sep).join('/');
  const bare = (text: string) => text.slice(0, text.length - extname(text).length);
  const rules: readonly ((input: BatchInput) => boolean)[] = [
    ({ location }) => exact.has(location),
    ({ name }) => name === video,
    ({ location }) => slashed(location).endsWith(end),
    ({ location }) => bare(slashed(location)).endsWith(end),
    ({ location, kind }) => kind === 'stills' && slashed(location).endsWith(`${end}/img`),
  ];
  for (const rule of rules) {
    const some = inputs.filter(rule);
    if (some.length > 0) return some;
  }
  return [];
}
