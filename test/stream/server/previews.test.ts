import { expect, it } from 'vitest';
import type { TrackedFrame } from '../../../src/stream/host.js';
import { Broadcast } from '../../../src/stream/server/broadcast.js';
import { Previews } from '../../../src/stream/server/previews.js';

let held = 0;

/** A grey frame of a stream, as often as one asks for it. */
function broadcast(stream = 'road'): Broadcast {
  const frame = {
    ...{ index: 7, pts: 0.28, wallTime: Date.now(), width: 64, height: 48, range: 'full', matrix: 'bt709' },
    ...{
      y: new Uint8Array(64 * 48).fill(90),
      u: new Uint8Array(768).fill(128),
      v: new Uint8Array(768).fill(128),
    },
    retain: () => held++,
    release: () => held--,
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
  const first = broadcast();
  make('first', first, 32);
  make('shares it', first, 32);
  make('too late', broadcast(), 32);
  make('must', broadcast(), 32, true);
  make('must, too', broadcast(), 32, true);
  make('other width', broadcast(), 16);
  make('other stream', broadcast('yard'), 32);
  await settled();
  expect(made.sort()).toEqual([
    ...['first 32', 'must 32', 'must, too 32', 'other stream 32', 'other width 16', 'shares it 32'],
  ]);
  expect(held).toBe(0);
});
