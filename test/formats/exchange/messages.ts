import fc from 'fast-check';
import type { BoxMessage, TargetMessage } from '../../../src/formats/index.js';

/** Three targets in eight frames: one followed throughout, one lost on the way, one that comes late and leaves; frame 5 is missing. */
export const STREET: readonly BoxMessage[] = [
  message(0, 1.4, [target('car', [12, 20.5, 56.25, 28], 1)]),
  message(1, 1.44, [target('car', [13.5, 20.75, 56.25, 28.5], 0.9871)]),
  message(2, 1.48, [
    target('car', [-3.25, 21, 56, 28], 0.42, 'uncertain'),
    target('dog & <cat>', [200, 100, 9, 7], 1),
  ]),
  message(3, 1.52, [
    target('car', [-3.25, 21, 56, 28], 0.1, 'lost'),
    target('dog & <cat>', [201, 99, 9, 7], 0.8),
  ]),
  message(4, 1.6, [
    target('car', [-3.25, 21, 56, 28], 0.05, 'lost'),
    target('dog & <cat>', [310, 98, 20, 7], 0.7),
  ]),
  message(6, 1.68, [target('car', [20, 25, 55, 27.5], 0.91)]),
  message(7, 1.72, [target('car', [22, 25, 55, 27.5], 0.93)]),
];

function message(frame: number, pts: number, targets: readonly TargetMessage[]): BoxMessage {
  return {
    type: 'boxes',
    stream: 'street.mp4',
    frame,
    pts,
    size: { width: 320, height: 240 },
    targets: [...targets],
  };
}

function target(
  id: string,
  box: [number, number, number, number],
  score: number,
  state: TargetMessage['state'] = 'tracking',
): TargetMessage {
  return { id, ...(id.startsWith('dog') ? { label: 'animal' } : {}), box, score, state };
}

/** Messages as a stream, which may be read any number of times. */
export function stream(messages: readonly BoxMessage[]): () => AsyncIterable<BoxMessage> {
  return async function* () {
    yield* messages;
  };
}

/** All that a stream gives. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const cents = (min: number, max: number) =>
  fc.integer({ min: min * 100, max: max * 100 }).map((value) => value / 100);

const anyTarget = (id: string): fc.Arbitrary<TargetMessage> =>
  fc.record({
    id: fc.constant(id),
    box: fc.tuple(cents(-200, 2000), cents(-200, 2000), cents(0.01, 900), cents(0.01, 900)),
    score: fc.integer({ min: 0, max: 10000 }).map((value) => value / 10000),
    state: fc.constantFrom('tracking', 'tracking', 'uncertain', 'lost'),
  });

const anyId = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((id) => /\S/.test(id)),
  fc.integer({ min: 1, max: 99 }).map(String),
  fc.constantFrom(
    '..',
    'a/b',
    'CON',
    'Car',
    'car',
    '%41',
    '.hidden',
    'x.',
    '--> ',
    '"&<>\'',
    '\u00e9t\u00e9',
  ),
);

/** Results of a video of one size, at a constant rate, with any targets coming and going and any frames missing. */
export const anyResults: fc.Arbitrary<BoxMessage[]> = fc
  .uniqueArray(anyId, { minLength: 1, maxLength: 4 })
  .chain((ids) =>
    fc.record({
      first: fc.nat(5),
      size: fc.record({
        width: fc.integer({ min: 16, max: 4096 }),
        height: fc.integer({ min: 16, max: 4096 }),
      }),
      frames: fc.array(
        fc.record({
          skip: fc.constantFrom(0, 0, 0, 0, 1, 3),
          targets: fc.tuple(...ids.map((id) => fc.option(anyTarget(id)))),
        }),
        { minLength: 1, maxLength: 12 },
      ),
    }),
  )
  .map(({ first, size, frames }) => {
    let frame = first - 1;
    return frames.map(({ skip, targets }) => {
      frame += 1 + skip;
      return {
        type: 'boxes' as const,
        stream: 'video.mp4',
        frame,
        pts: frame / 25,
        size,
        targets: targets.filter((found) => found !== null),
      };
    });
  });
