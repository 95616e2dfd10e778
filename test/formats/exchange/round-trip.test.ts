import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../../src/formats/exchange/index.js';
import { type BoxMessage, READABLE_FORMATS } from '../../../src/formats/index.js';
import { anyResults, collect, STREET } from './messages.js';
import { VIDEO, withWritten } from './written.js';

type Kept = {
  readonly frame: number;
  readonly id: string;
  readonly box: readonly number[];
  readonly more: unknown[];
};

/** What a format keeps of results: boxes that are no guesses about where a lost target was last seen. */
function kept(messages: readonly BoxMessage[], format: string, ids: ReadonlyMap<string, string>): Kept[] {
  const scored = format === 'cvat' || format === 'coco-vid';
  return messages.flatMap(({ frame, targets }) =>
    targets
      .filter(({ state }) => state !== 'lost')
      .map(({ id, box, score, state }) => ({
        frame,
        id: ids.get(id) ?? id,
        box: [...box],
        more: scored ? [score, state] : format === 'mot' ? [score] : [],
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
}

/** MOTChallenge numbers targets that have names. */
function motIds(messages: readonly BoxMessage[]): Map<string, string> {
  const ids = [...new Set(messages.flatMap(({ targets }) => targets.map(({ id }) => id)))];
  const numeric = ids.every((id) => /^[1-9]\d{0,8}$/.test(id));
  return new Map(ids.map((id, k) => [id, numeric ? id : String(k + 1)]));
}

describe('results that are written and read back', () => {
  it('are the same messages in JSON lines', () =>
    fc.assert(
      fc.asyncProperty(anyResults, (messages) =>
        withWritten('jsonl', messages, async (path) => {
          expect(await collect(readResults('jsonl', path))).toEqual(messages);
        }),
      ),
      { numRuns: 20 },
    ));

  it.each(READABLE_FORMATS.filter((format) => format !== 'jsonl'))('have the same boxes in %s', (format) =>
    fc.assert(
      fc.asyncProperty(anyResults, (messages) =>
        withWritten(format, messages, async (path) => {
          const source = { ...VIDEO, ...messages[0].size };
          const ids = format === 'mot' ? motIds(messages) : new Map();
          const expected = kept(messages, format, ids);
          // Formats of one file or folder a target hold nothing where there is no target.
          const targets = messages.flatMap((message) => message.targets);
          if (targets.length === 0 && ['vot', 'otb', 'got10k'].includes(format)) return;
          const back = await collect(readResults(format, path, source));
          expect(kept(back, format, new Map())).toEqual(expected);
          for (const { frame, pts, size } of back) {
            expect(pts).toBeCloseTo(frame / 25, 6);
            expect(size).toEqual(messages[0].size);
          }
        }),
      ),
      { numRuns: 25 },
    ),
  );

  it.each(['cvat', 'coco-vid'] as const)('keep labels and states in %s', (format) =>
    withWritten(format, STREET, async (path) => {
      const back = await collect(readResults(format, path, VIDEO));
      const at = (frame: number) => back.find((message) => message.frame === frame)!.targets;
      expect(at(2)).toEqual(STREET[2].targets);
      expect(at(0)).toEqual(STREET[0].targets);
      expect(at(3).filter(({ state }) => state !== 'lost')).toEqual([STREET[3].targets[1]]);
    }),
  );

  it('keep lost boxes as lost in cvat', () =>
    withWritten('cvat', STREET, async (path) => {
      const back = await collect(readResults('cvat', path, VIDEO));
      expect(back[3].targets).toEqual(STREET[3].targets);
      expect(back.map(({ frame }) => frame)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }));

  it('have the frames and times they had in coco-vid', () =>
    withWritten('coco-vid', STREET, async (path) => {
      const back = await collect(readResults('coco-vid', path));
      expect(back.map(({ frame, pts }) => [frame, pts])).toEqual(
        STREET.map(({ frame, pts }) => [frame, pts]),
      );
    }));

  it('have the times and sizes of their video, where that is given', () =>
    withWritten('mot', STREET, async (path) => {
      const frames = async function* () {
        for (let index = 0; index < 9; index++) yield { index, pts: 5 + index ** 2, width: 64, height: 48 };
      };
      const back = await collect(readResults('mot', path, undefined, { frames: frames() }));
      expect(back.map(({ pts }) => pts)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => 5 + index ** 2));
      expect(back[0].size).toEqual({ width: 64, height: 48 });
    }));
});
