import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import type { Embedding } from '../../src/model/index.js';
import { GRAM_WASM } from '../../src/tracker/kernel/gram-wasm.js';
import { gram } from '../../src/tracker/kernel/index.js';
import { TargetMemory } from '../../src/tracker/memory.js';

const SIDE = 12;
const CHANNELS = 6;

/** Kinds of things that cells show, as directions of their values. */
type Kind = 'ground' | 'target' | 'lookalike';
const LOOKS: Record<Kind, readonly number[]> = {
  ground: [1, 0.2, 0, 0, 0, 0.3],
  target: [0.2, 1, 1, 0, 0.1, 0],
  lookalike: [0.2, 1, 0.7, 0.6, 0.1, 0],
};

/** An embedding of ground with things of 3 x 3 cells on it, and a little noise. */
function embedding(things: readonly { x: number; y: number; kind: Kind }[], seed = 1): Embedding {
  const cells = SIDE * SIDE;
  const data = new Float32Array(CHANNELS * cells);
  let state = seed;
  const noise = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state / 2147483648 - 0.5) * 0.1;
  };
  for (let k = 0; k < cells; k++) {
    const [x, y] = [k % SIDE, Math.floor(k / SIDE)];
    const thing = things.find((t) => Math.abs(t.x - x) <= 1 && Math.abs(t.y - y) <= 1);
    for (let c = 0; c < CHANNELS; c++) data[c * cells + k] = LOOKS[thing?.kind ?? 'ground'][c] + noise();
  }
  return { data, channels: CHANNELS, side: SIDE };
}

const at = (map: Float32Array, x: number, y: number) => map[y * SIDE + x];
const cell = fc.integer({ min: 2, max: SIDE - 3 });

describe('what is learnt of a target in its video', () => {
  it('is high on the target and low off it, wherever it goes', () => {
    const memory = TargetMemory.begin(embedding([{ x: 5, y: 6, kind: 'target' }]), { x: 5, y: 6, side: 3 });
    fc.assert(
      fc.property(cell, cell, fc.integer({ min: 2, max: 1000 }), (x, y, seed) => {
        const map = memory.respond(embedding([{ x, y, kind: 'target' }], seed));
        expect(at(map, x, y)).toBeGreaterThan(0.4);
        expect(at(map, (x + 6) % SIDE, (y + 6) % SIDE)).toBeLessThan(0.2);
      }),
    );
  });

  it('tells it from the look-alike that was beside it', () => {
    const both = (seed: number) =>
      embedding(
        [
          { x: 3, y: 5, kind: 'target' },
          { x: 8, y: 5, kind: 'lookalike' },
        ],
        seed,
      );
    const memory = TargetMemory.begin(both(1), { x: 3, y: 5, side: 3 });
    const map = memory.respond(both(2));
    expect(at(map, 3, 5)).toBeGreaterThan(at(map, 8, 5) + 0.15);
  });

  it('learns a look-alike that comes later', () => {
    const memory = TargetMemory.begin(embedding([{ x: 3, y: 5, kind: 'target' }]), { x: 3, y: 5, side: 3 });
    const later = (seed: number) =>
      embedding(
        [
          { x: 3, y: 5, kind: 'target' },
          { x: 8, y: 5, kind: 'lookalike' },
        ],
        seed,
      );
    const gap = () => {
      const map = memory.respond(later(9));
      return at(map, 3, 5) - at(map, 8, 5);
    };
    const before = gap();
    for (let seed = 2; seed < 8; seed++) memory.learn(later(seed), { x: 3, y: 5, side: 3 });
    expect(gap()).toBeGreaterThan(before + 0.1);
  });

  it('never forgets the first look, however often it is shown something else', () => {
    const memory = TargetMemory.begin(embedding([{ x: 5, y: 6, kind: 'target' }]), { x: 5, y: 6, side: 3 });
    for (let k = 0; k < 100; k++)
      memory.learn(embedding([{ x: 5, y: 6, kind: 'ground' }], k + 2), { x: 5, y: 6, side: 3 });
    const map = memory.respond(embedding([{ x: 7, y: 4, kind: 'target' }], 500));
    expect(at(map, 7, 4)).toBeGreaterThan(at(map, 2, 9) + 0.1);
  });

  it('says the same of brighter and darker features', () => {
    const memory = TargetMemory.begin(embedding([{ x: 5, y: 6, kind: 'target' }]), { x: 5, y: 6, side: 3 });
    const seen = embedding([{ x: 4, y: 4, kind: 'target' }], 3);
    const scaled = { ...seen, data: seen.data.map((v) => v * 7) };
    const [a, b] = [memory.respond(seen), memory.respond(scaled)];
    for (const [k, value] of a.entries()) expect(b[k]).toBeCloseTo(value, 4);
  });

  it('goes on from its stored form exactly as it would itself', () => {
    const memory = TargetMemory.begin(embedding([{ x: 5, y: 6, kind: 'target' }]), { x: 5, y: 6, side: 3 });
    for (let round = 0; round < 3; round++) {
      const restored = TargetMemory.load(JSON.parse(JSON.stringify(memory.store())));
      for (const one of [memory, restored])
        one.learn(embedding([{ x: 6, y: 6, kind: 'target' }], round + 2), { x: 6, y: 6, side: 3 });
      const seen = embedding([{ x: 4, y: 4, kind: 'target' }], 77);
      expect([...restored.respond(seen)]).toEqual([...memory.respond(seen)]);
    }
  });

  it.each([
    ['of a target outside the region', embedding([]), { x: -40, y: 3, side: 2 }],
    ['of a target larger than the region', embedding([]), { x: 6, y: 6, side: 900 }],
    [
      'of features that are all 0',
      { data: new Float32Array(CHANNELS * SIDE * SIDE), channels: CHANNELS, side: SIDE },
      { x: 6, y: 6, side: 3 },
    ],
  ])('stays finite where it is learnt %s', (_, seen, place) => {
    const memory = TargetMemory.begin(seen, place);
    memory.learn(seen, place);
    for (const value of memory.respond(embedding([{ x: 4, y: 4, kind: 'target' }])))
      expect(Number.isFinite(value)).toBe(true);
  });

  it('refuses a stored form of other sizes', () => {
    const stored = TargetMemory.begin(embedding([]), { x: 6, y: 6, side: 3 }).store();
    expect(() => TargetMemory.load({ ...stored, channels: 5 })).toThrow(/Expected|expected/);
  });
});

describe('the products of every two columns', () => {
  const value = fc.double({ min: -3, max: 3, noNaN: true });

  it('are summed over the rows, whatever was computed before', () => {
    const matrix = fc
      .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }))
      .chain(([rows, columns]) =>
        fc.array(fc.array(value, { minLength: columns, maxLength: columns }), {
          minLength: rows,
          maxLength: rows,
        }),
      );
    fc.assert(
      fc.property(matrix, (z) => {
        const columns = z[0].length;
        const got = gram(z.length, columns, (out, stride) => {
          for (const [k, row] of z.entries()) out.set(row, k * stride);
        });
        const expected = z[0].flatMap((_, i) =>
          z[0].slice(0, i + 1).map((_, j) => z.reduce((sum, row) => sum + row[i] * row[j], 0)),
        );
        expect(got).toHaveLength(expected.length);
        for (const [k, sum] of expected.entries())
          expect(Math.abs(got[k] - sum)).toBeLessThan(1e-5 * 9 * z.length);
      }),
      { numRuns: 30 },
    );
  });

  it('are computed by what gram.wat says', async () => {
    const source = readFileSync(new URL('../../src/tracker/kernel/gram.wat', import.meta.url), 'utf8');
    const { buffer } = (await wabt()).parseWat('gram.wat', source, { simd: true }).toBinary({});
    expect(Buffer.from(buffer).toString('base64')).toBe(GRAM_WASM);
  });
});
