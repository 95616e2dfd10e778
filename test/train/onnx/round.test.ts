import { describe, expect, it } from 'vitest';
import { filterScales, WEIGHT_LIMIT } from '../../../src/train/onnx/quantise.js';
import { roundRows } from '../../../src/train/onnx/round.js';
import { Random } from '../../../src/train/random.js';

const INPUTS = 24;
const ROWS = 6;

/** Inputs that go together, as neighbouring pixels do, and the sums of their products. */
function related(count: number, seed: number) {
  const random = new Random(seed);
  const inputs = Array.from({ length: count }, () => {
    const [common, slope] = [random.normal(), random.normal()];
    return Float64Array.from(
      { length: INPUTS },
      (_, k) => common + slope * (k / INPUTS) + 0.03 * random.normal(),
    );
  });
  const moments = new Float64Array(INPUTS * INPUTS);
  for (const x of inputs)
    for (let i = 0; i < INPUTS; i++) for (let j = 0; j < INPUTS; j++) moments[i * INPUTS + j] += x[i] * x[j];
  return { inputs, moments };
}

const random = new Random(3);
const rows = Float32Array.from({ length: ROWS * INPUTS }, () => random.normal());
const scales = filterScales(rows, ROWS);
const nearest = Int8Array.from(rows, (v, k) => Math.round(v / scales[Math.floor(k / INPUTS)]));

/** Mean square of what the rounding changes in the rows' products with inputs. */
function change(whole: Int8Array, inputs: readonly Float64Array[]): number {
  let sum = 0;
  for (const x of inputs)
    for (let r = 0; r < ROWS; r++) {
      let product = 0;
      for (let k = 0; k < INPUTS; k++)
        product += (whole[r * INPUTS + k] * scales[r] - rows[r * INPUTS + k]) * x[k];
      sum += product ** 2;
    }
  return sum / inputs.length / ROWS;
}

describe('filters rounded for real inputs', () => {
  it('change what is said of them less than half as much as rounding to the nearest, of inputs not seen before, too', () => {
    const { moments } = related(2000, 5);
    const whole = roundRows(rows, scales, moments);
    const others = related(500, 6).inputs;
    expect(change(whole, others)).toBeLessThan(0.5 * change(nearest, others));
  });

  it('are the nearest where inputs have nothing to do with one another', () => {
    const moments = new Float64Array(INPUTS * INPUTS);
    for (let i = 0; i < INPUTS; i++) moments[i * INPUTS + i] = 1 + i;
    expect([...roundRows(rows, scales, moments)]).toEqual([...nearest]);
  });

  it('stay in bounds and finite where inputs are all 0, or one of them never anything else', () => {
    const none = roundRows(rows, scales, new Float64Array(INPUTS * INPUTS));
    expect([...none]).toEqual([...nearest]);
    const { inputs } = related(300, 8);
    const moments = new Float64Array(INPUTS * INPUTS);
    for (const x of inputs) {
      x[4] = 0;
      for (let i = 0; i < INPUTS; i++)
        for (let j = 0; j < INPUTS; j++) moments[i * INPUTS + j] += x[i] * x[j];
    }
    for (const value of roundRows(rows, scales, moments))
      expect(Math.abs(value)).toBeLessThanOrEqual(WEIGHT_LIMIT);
  });
});
