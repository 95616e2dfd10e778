import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerCompare } from '../../src/cli/compare.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { refusal, siamtrack } from './run.js';

let folder: string;
let model: string;
let red: string;
let blue: string;
let both: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-compare-'));
  model = writeTinyModel();
  const plain = (name: string, background: string) => {
    const file = join(folder, name);
    return sharp({ create: { width: 90, height: 60, channels: 3, background } })
      .toFile(file)
      .then(() => file);
  };
  red = await plain('red.jpg', '#d02020');
  blue = await plain('blue.png', '#2020d0');
  both = join(folder, 'both.png');
  const left = { input: red, left: 0, top: 0 };
  await sharp({ create: { width: 180, height: 60, channels: 3, background: '#2020d0' } })
    .composite([left])
    .toFile(both);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(model, { recursive: true, force: true });
});

const compare = async (...args: string[]) => {
  const result = await siamtrack(['compare', ...args, '--model', model, '--json']);
  expect([result.status, result.stderr]).toEqual([0, '']);
  return JSON.parse(result.stdout);
};

describe('siamtrack compare', () => {
  it('finds a picture equal to itself', async () => {
    const { euclidean, cosine, peakCorrelation } = await compare(red, red);
    expect(euclidean).toBe(0);
    expect(cosine).toBeCloseTo(1, 5);
    expect(peakCorrelation).toBeCloseTo(1, 2);
  });

  it('finds other pictures less alike', async () => {
    const { euclidean, cosine } = await compare(red, blue);
    expect(euclidean).toBeGreaterThan(0.5);
    expect(cosine).toBeLessThan(0.7);
  });

  it('looks at the boxes where there are some', async () => {
    // Boxes small enough for their context to stay within their half of the picture.
    const same = await compare(red, both, '--box-a', '40,25,10,10', '--box-b', '40,25,10,10');
    const other = await compare(red, both, '--box-a', '40,25,10,10', '--box-b', '130,25,10,10');
    expect(same.cosine).toBeGreaterThan(0.999);
    expect(other.cosine).toBeLessThan(same.cosine - 0.2);
  });

  it('prints the measures for people', async () => {
    const { stdout } = await siamtrack(['compare', red, blue, '--model', model]);
    expect(stdout).toMatch(
      /^Euclidean distance +[\d.]+ .*\ncosine similarity +[\d.]+ .*\npeak correlation +[\d.]+ .*\n$/,
    );
  });

  it.each([
    ['a box nobody understands', () => [red, blue, '--box-a', '1,2,3'], 2, /--box-a: expected/],
    ['a missing picture', () => [red, join(folder, 'gone.jpg')], 1, /SOURCE_NOT_FOUND/],
    ['one picture', () => [red], 2, /missing required argument 'b'/],
  ])('says what is wrong with %s', async (_, args, status, message) => {
    const got = await refusal(registerCompare, ['compare', ...args(), '--model', model]);
    expect(got.message).toMatch(message);
    expect(got.status).toBe(status);
  });
});
