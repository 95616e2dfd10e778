import { describe, expect, it } from 'vitest';
import { CutChoice, type Cutter } from '../../src/model/cut-choice.js';

/** Asks and answers `calls` times, with what each would take. */
function asked(choice: CutChoice, kind: string, calls: number, ms: Record<Cutter, number>): Cutter[] {
  return Array.from({ length: calls }, () => {
    const cutter = choice.next(kind);
    choice.took(kind, cutter, ms[cutter]);
    return cutter;
  });
}

describe('who cuts crops', () => {
  it('is tried out by turns, and then the faster one', () => {
    const choice = new CutChoice();
    const first = asked(choice, '8x255', 8, { device: 2, processor: 5 });
    expect(first.filter((cutter) => cutter === 'device')).toHaveLength(4);
    expect(new Set(asked(choice, '8x255', 20, { device: 2, processor: 5 }))).toEqual(new Set(['device']));
  });

  it('is found out for each kind of batch', () => {
    const choice = new CutChoice();
    asked(choice, '8x255', 8, { device: 2, processor: 5 });
    asked(choice, '1x255', 8, { device: 2, processor: 1 });
    expect([choice.next('8x255'), choice.next('1x255')]).toEqual(['device', 'processor']);
  });

  it('does not count the first call of each, in which kernels are compiled', () => {
    const choice = new CutChoice();
    for (let k = 0; k < 8; k++) {
      const cutter = choice.next('4x255');
      choice.took('4x255', cutter, k < 2 ? 1000 : cutter === 'device' ? 1 : 3);
    }
    expect(choice.next('4x255')).toBe('device');
  });

  it('is the processor for good once the device could not', () => {
    const choice = new CutChoice();
    asked(choice, '8x255', 8, { device: 2, processor: 5 });
    choice.refuse();
    expect([choice.next('8x255'), choice.next('2x127')]).toEqual(['processor', 'processor']);
  });
});
