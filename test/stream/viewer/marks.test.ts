import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTargets } from '../../../src/batch/index.js';
import { type Mark, marksCsv, marksJson, nextMarkId } from '../../../src/stream/viewer/marks.js';

const name = fc
  .stringMatching(/^[A-Za-z0-9 ",#/.:-]{1,30}$/)
  .map((text) => text.trim())
  .filter((text) => text !== '');
const length = fc.integer({ min: 1, max: 100_000 }).map((value) => value / 100);
const mark: fc.Arbitrary<Mark> = fc.record({
  stream: fc.constant('road'),
  video: name,
  id: name,
  frame: fc.nat(100_000),
  box: fc.tuple(length, length, length, length),
  backwards: fc.boolean(),
});
const marks = fc.uniqueArray(mark, {
  minLength: 1,
  selector: ({ video, id }) => JSON.stringify([video, id]),
});

describe('boxes marked for a batch', () => {
  it('are read by a batch as they were drawn, from CSV and from JSON', () => {
    fc.assert(
      fc.property(marks, (given) => {
        for (const [file, text] of [
          ['targets.csv', marksCsv(given)],
          ['targets.json', marksJson(given)],
        ]) {
          const read = parseTargets(text, file).map(
            ({ video, target: { id, start, box, units, backwards } }) =>
              JSON.stringify({ video, id, start, box, units, backwards }),
          );
          const wanted = given.map(({ video, id, frame, box, backwards }) =>
            JSON.stringify({ video, id, start: { frame }, box, units: 'pixels', backwards }),
          );
          expect(read.sort()).toEqual(wanted.sort());
        }
      }),
    );
  });

  it('are numbered within their video', () => {
    const base = { stream: 'road', frame: 0, box: [1, 1, 5, 5] as const, backwards: false };
    const given = [
      { ...base, video: 'a.mp4', id: '1' },
      { ...base, video: 'a.mp4', id: '3' },
      { ...base, video: 'b.mp4', id: '2' },
    ];
    expect(nextMarkId(given, 'a.mp4')).toBe('2');
    expect(nextMarkId(given, 'c.mp4')).toBe('1');
  });
});
