import { expect, it } from 'vitest';
import type { TrackedFrame } from '../../../src/stream/host.js';
import { Broadcast } from '../../../src/stream/server/broadcast.js';
import { Previews } from '../../../src/stream/server/previews.js';

let held = 0;

/** A grey frame of a stream. Who takes it up again after it was let go would read another frame's picture. */
function broadcast(stream = 'road'): Broadcast {
  let holders = 1;
  const hold = (by: number) => {
    if (holders <= 0) throw new Error('expected a frame that is held, got one let go');
    holders += by;
    held += by;
  };
  held++;
  const frame = {
    ...{ index: 7, pts: 0.28, wallTime: Date.now(), width: 64, height: 48, range: 'full', matrix: 'bt709' },
    ...{
      y: new Uint8Array(64 * 48).fill(90),
      u: new Uint8Array(768).fill(128),
      v: new Uint8Array(768).fill(128),
    },
    retain: () => hold(1),
    release: () => hold(-1),
  };
  return new Broadcast({ stream, frame, targets: [], searchSeconds: 0 } as unknown as TrackedFrame);
}

const quiet = { quality: 75, onMade: () => {}, onFailed: () => {} };
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

it('passes over what comes while a picture of that stream and width is being made, unless it must be made', async () => {
  const previews = new Previews(quiet);
  const made: string[] = [];
  const make = (name: string, of: Broadcast, width: number, must?: boolean) =>
    previews.make(of, width, (picture) => made.push(`${name} ${picture.width}`), must);
  const frames: Broadcast[] = [];
  const fresh = (stream?: string) => {
    const one = broadcast(stream);
    frames.push(one);
    return one;
  };
  const first = fresh();
  make('first', first, 32);
  make('shares it', first, 32);
  make('too late', fresh(), 32);
  make('must', fresh(), 32, true);
  make('must, too', fresh(), 32, true);
  make('other width', fresh(), 16);
  make('other stream', fresh('yard'), 32);
  // The next frames have come.
  for (const { tracked } of frames) tracked.frame.release();
  await settled();
  expect(made.sort()).toEqual([
    ...['first 32', 'must 32', 'must, too 32', 'other stream 32', 'other width 16', 'shares it 32'],
  ]);
  expect(held).toBe(0);
});
