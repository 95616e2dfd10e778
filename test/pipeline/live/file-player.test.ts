import { describe, expect, it } from 'vitest';
import { committedFolder } from '../../../fixtures/index.js';
import { FilePlayer } from '../../../src/pipeline/live/file-player.js';

const CLIP = `${committedFolder('moving')}/clip.mp4`;

describe('a looped file', () => {
  it('stays paused where the next pass begins meanwhile', async () => {
    const events: string[] = [];
    const player = new FilePlayer(CLIP, {
      loop: true,
      realtime: false,
      onEvent: ({ kind }) => events.push(kind),
    });
    const frames = player[Symbol.asyncIterator]();
    let passes = 0;
    let last = -1;
    const next = async () => {
      const { value } = await frames.next();
      last = value?.index ?? last;
      value?.release();
    };
    while (events.filter((kind) => kind === 'live').length < 2) {
      await next();
      passes++;
    }
    const length = last;
    // Pausing while the frame that ends a pass is out: the next one is asked for when the pass is over.
    while (last < 2 * length - 1) await next();
    player.pause();
    const awaited = next();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(events.at(-1)).toBe('paused');
    expect(events.filter((kind) => kind === 'live')).toHaveLength(2);
    player.resume();
    await awaited;
    expect(last).toBe(2 * length);
    expect(events.slice(-2)).toEqual(['resumed', 'live']);
    expect(passes).toBe(length + 1);
    await player.close();
    await frames.return?.(undefined);
  });
});
