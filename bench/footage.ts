import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { committedFolder } from '../fixtures/index.js';
import type { Box, I420Picture } from '../src/common/index.js';
import { openSource } from '../src/ingest/index.js';
import type { Model } from '../src/model/index.js';
import { TargetGroup } from '../src/tracker/index.js';

/** Pictures of a clip, there and back again without an end, and what moves through it on the first one. */
interface Footage {
  readonly pictures: readonly I420Picture[];
  readonly target: Box;
}

let footage: Promise<Footage> | undefined;

async function load(): Promise<Footage> {
  const folder = committedFolder('moving');
  const there: I420Picture[] = [];
  // Frames are never released: their pictures stay.
  for await (const frame of await openSource(join(folder, 'clip.mp4'), { maxFrames: 200 })) there.push(frame);
  const { targets } = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8'));
  return { pictures: [...there, ...there.slice(1, -1).reverse()], target: targets[0].boxes[0] };
}

/** Targets that are followed through the footage. */
export class Followed {
  readonly #group: TargetGroup;
  readonly #pictures: readonly I420Picture[];
  #at = 0;

  private constructor(group: TargetGroup, pictures: readonly I420Picture[]) {
    this.#group = group;
    this.#pictures = pictures;
  }

  /**
   * What moves, and for further targets parts of the ground all over the picture. They count as never lost. How much is searched
   * for a target depends on how surely it is seen, so that no noise will do.
   */
  static async begin(model: Model, count: number): Promise<Followed> {
    footage ??= load();
    const { pictures, target } = await footage;
    const group = new TargetGroup(model, { states: { tracking: 0, lost: 0 } });
    for (let k = 0; k < count; k++) {
      const part: Box = [30 + 60 * ((k - 1) % 4), 20 + 50 * (Math.floor((k - 1) / 4) % 4), 40, 34];
      await group.add(`t${k}`, pictures[0], k === 0 ? target : part);
    }
    return new Followed(group, pictures);
  }

  /** Finds them in a picture: the next one, or one that many on. */
  async update(on = 1): Promise<void> {
    this.#at = (this.#at + on) % this.#pictures.length;
    await this.#group.update(this.#pictures[this.#at]);
  }
}
