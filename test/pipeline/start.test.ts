import { describe, expect, it } from 'vitest';
import { parseStart } from '../../src/pipeline/index.js';

describe('parseStart', () => {
  it.each([
    ['0', { frame: 0 }],
    ['120', { frame: 120 }],
    ['12s', { seconds: 12 }],
    ['12.5', { seconds: 12.5 }],
    ['12.5s', { seconds: 12.5 }],
    ['.5', { seconds: 0.5 }],
    ['3.', { seconds: 3 }],
  ])('reads %s', (text, start) => {
    expect(parseStart('--start', text)).toEqual(start);
  });

  it.each(['', '-1', 's', '1:30', '1e3', '12 s', '.'])('refuses %j', (text) => {
    expect(() => parseStart('--start', text)).toThrow(/^--start: expected a frame index/);
  });
});
