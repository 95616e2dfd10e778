import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Box, iou } from '../../src/common/index.js';
import { loadModel, type Model } from '../../src/model/index.js';
import { Tracker } from '../../src/tracker/index.js';
import { loadEmbedding } from '../../src/tracker/snapshot.js';
import { drawPicture, noisePicture, type Rgb } from '../model/pictures.js';
import { tinyManifest, tinySiamfcManifest, withOtherSearches, writeTinyModel } from '../model/tiny-model.js';
import { publishedModel } from '../published/index.js';

const RED: Rgb = [220, 40, 30];
const GREY: Rgb = [90, 100, 110];

function scene(box: Box, width = 320, height = 240) {
  return drawPicture(width, height, GREY, [{ box, colour: RED }]);
}

const folders: string[] = [];
let boxModel: Model;
let siamfcModel: Model;
beforeAll(async () => {
  folders.push(writeTinyModel(tinyManifest()), writeTinyModel(tinySiamfcManifest()));
  [boxModel, siamfcModel] = await Promise.all(folders.map((folder) => loadModel(folder)));
});
afterAll(async () => {
  await Promise.all([boxModel.dispose(), siamfcModel.dispose()]);
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe('a target that moves', () => {
  it.each(['box head', 'plain SiamFC'])('is followed with a %s', async (form) => {
    const tracker = new Tracker(form === 'box head' ? boxModel : siamfcModel);
    const at = (k: number): Box => [60 + 6 * k, 80 + 2 * k, 48, 48];
    await tracker.init(scene(at(0)), at(0));
    for (let k = 1; k <= 20; k++) {
      const { box, score } = await tracker.update(scene(at(k)));
      expect(iou(box, at(k)), `frame ${k}`).toBeGreaterThan(0.5);
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThanOrEqual(1);
    }
  });

  const published = publishedModel('nanotrack-v2-siamfc', 'nanotrack-v2');
  it.skipIf(!published)('is followed by the plain correlation of a published encoder', async () => {
    const model = await loadModel(published?.manifest, { weights: published?.weights });
    const ground = noisePicture(320, 240, 3);
    const draw = ([x, y, w, h]: Box) => {
      const picture = { ...scene([x, y, w, h]) };
      for (const [k, luma] of picture.y.entries()) picture.y[k] = luma + (ground.y[k] >> 3);
      return picture;
    };
    const at = (k: number): Box => [60 + 5 * k, 80 + 2 * k, 50, 50];
    const tracker = new Tracker(model);
    await tracker.init(draw(at(0)), at(0));
    for (let k = 1; k <= 12; k++)
      expect(iou((await tracker.update(draw(at(k)))).box, at(k)), `frame ${k}`).toBeGreaterThan(0.5);
    await model.dispose();
  });
});

describe('a model that takes search crops of several sides', () => {
  it('is shown little of the picture while the target is sure, most in doubt, and follows it all the same', async () => {
    const folder = writeTinyModel(withOtherSearches(tinyManifest()));
    folders.push(folder);
    const model = await loadModel(folder);
    const respond = vi.spyOn(model.encoder, 'respond');
    const sides = () => respond.mock.calls.splice(0).map(([, , side]) => side);
    const tracker = new Tracker(model, { searchBudget: 0 });
    const at = (k: number): Box => [60 + 2 * k, 80, 48, 48];
    await tracker.init(scene(at(0)), at(0));
    sides();
    for (let k = 1; k <= 12; k++)
      expect(iou((await tracker.update(scene(at(k)))).box, at(k)), `frame ${k}`).toBeGreaterThan(0.5);
    expect(new Set(sides())).toEqual(new Set([191]));
    const states: string[] = [];
    for (let k = 0; k < 40; k++) states.push((await tracker.update(noisePicture(320, 240, k))).state);
    expect(states.at(-1)).toBe('lost');
    const seen = sides();
    expect(seen).toContain(319);
    expect(seen.at(-1)).toBe(255);
    await model.dispose();
  });
});

describe('a head that wants its template masked', () => {
  it('sees what was pointed at, and little of what is around it', async () => {
    const { head, ...rest } = tinyManifest();
    const masked = { ...(head as object), templateMask: { margin: 0, outside: 0 } };
    const folder = writeTinyModel({ ...rest, head: masked });
    folders.push(folder);
    const model = await loadModel(folder);
    const templateOf = async (of: Model, box: Box) => {
      const tracker = new Tracker(of, { memory: false, extent: false });
      await tracker.init(scene([100, 100, 40, 40]), box);
      return loadEmbedding(tracker.snapshot().template);
    };
    // A pole: the columns beside it are masked, its own are as they were.
    const pole: Box = [118, 60, 4, 120];
    const [whole, part] = [await templateOf(boxModel, pole), await templateOf(model, pole)];
    const { side } = part;
    const kept = Array.from(part.data, (v, k) => (v === whole.data[k] ? 'same' : v === 0 ? 'gone' : 'less'));
    const row = kept.slice((side >> 1) * side, ((side >> 1) + 1) * side);
    expect(row[side >> 1]).not.toBe('gone');
    expect(row[0]).toBe('gone');
    expect(row.at(-1)).toBe('gone');
    await model.dispose();
  });
});

describe('a network that wants its template shaded', () => {
  it('sees what was pointed at, and the mean colour around it', async () => {
    const { input, ...rest } = tinyManifest();
    const folder = writeTinyModel({
      ...rest,
      input: { ...(input as object), templateShade: { margin: 0, outside: 0 } },
    });
    folders.push(folder);
    const model = await loadModel(folder);
    const templateOf = async (of: Model, picture: ReturnType<typeof scene>) => {
      const tracker = new Tracker(of, { memory: false, extent: false });
      await tracker.init(picture, [140, 100, 40, 40]);
      return loadEmbedding(tracker.snapshot().template).data;
    };
    // Two pictures of the same mean colour that differ beside the target alone.
    const beside = (x: number) =>
      drawPicture(320, 240, GREY, [
        { box: [140, 100, 40, 40], colour: RED },
        { box: [x, 80, 16, 80], colour: [0, 0, 0] },
      ]);
    const [left, right] = [beside(118), beside(186)];
    const apart = (a: Float32Array, b: Float32Array) => Math.max(...a.map((v, k) => Math.abs(v - b[k])));
    const whole = apart(await templateOf(boxModel, left), await templateOf(boxModel, right));
    const shaded = apart(await templateOf(model, left), await templateOf(model, right));
    expect(shaded).toBeLessThan(whole / 10);
    await model.dispose();
  });
});

describe('memory', () => {
  const box: Box = [100, 100, 40, 40];
  /** Crops the encoder saw while a target was pointed at. */
  const crops = async (model: Model, memory?: boolean) => {
    const before = model.encoder.stats.requests;
    await new Tracker(model, { memory, extent: false }).init(scene(box), box);
    return model.encoder.stats.requests - before;
  };

  it('begins with what is around the first look, unless it is not wanted', async () => {
    expect(await crops(boxModel)).toBe(2);
    expect(await crops(boxModel, false)).toBe(1);
  });

  it('is not kept where the model has no use for it', async () => {
    expect(await crops(siamfcModel)).toBe(1);
    const folder = writeTinyModel(tinyManifest());
    const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    manifest.tracker.memory = 0;
    writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
    const model = await loadModel(folder);
    expect(await crops(model)).toBe(1);
    await model.dispose();
    rmSync(folder, { recursive: true });
  });

  it('is part of a snapshot', async () => {
    const tracker = new Tracker(boxModel);
    await tracker.init(scene(box), box, 0);
    expect(tracker.snapshot().memory?.later).toBeUndefined();
    for (let k = 1; k <= 10; k++) await tracker.update(scene(box), k / 25);
    expect(tracker.snapshot().memory?.later).toBeDefined();
  });
});

describe('a plain tracker', () => {
  it("is the network's picks alone: one size of crop, raw scores, nothing learnt, never in doubt", async () => {
    const { tracker: numbers, ...rest } = withOtherSearches(tinyManifest());
    const calibration = { bias: -20, score: 0.1 };
    const folder = writeTinyModel({ ...rest, tracker: { ...(numbers as object), calibration } });
    folders.push(folder);
    const model = await loadModel(folder);
    const respond = vi.spyOn(model.encoder, 'respond');
    const box: Box = [100, 100, 40, 40];
    const follow = async (plain: boolean) => {
      const tracker = new Tracker(model, { plain, states: { tracking: 0.9, lost: 0.8 } });
      await tracker.init(scene(box), box);
      const results = [await tracker.update(scene(box))];
      for (let k = 0; k < 20; k++) results.push(await tracker.update(noisePicture(320, 240, k)));
      return { results, snapshot: tracker.snapshot() };
    };
    const full = await follow(false);
    expect(full.results[0].score).toBeLessThan(0.01);
    respond.mockClear();
    const { results, snapshot } = await follow(true);
    expect(new Set(respond.mock.calls.slice(1).map(([, , side]) => side))).toEqual(new Set([255]));
    expect(results[0].score).toBeGreaterThan(0.5);
    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(['tracking']));
    expect([snapshot.memory, snapshot.extent]).toEqual([undefined, undefined]);
    await model.dispose();
  });
});

describe('extent', () => {
  it('is what was drawn against what the network sees, unless it is not wanted', async () => {
    const extent = async (wanted?: boolean) => {
      const tracker = new Tracker(boxModel, { extent: wanted });
      await tracker.init(scene([100, 100, 40, 40]), [95, 93, 50, 54]);
      return tracker.snapshot().extent;
    };
    const respond = vi.spyOn(boxModel.encoder, 'respond');
    const sides = () => respond.mock.calls.splice(0).map(([, crop]) => (crop as { side: number }).side);
    expect(await extent(false)).toBeUndefined();
    const [usual, ...others] = sides();
    expect(others).toEqual([]);
    const measured = await extent();
    expect(sides()).toEqual([usual, usual * 0.9, usual * 1.1]);
    respond.mockRestore();
    for (const side of [measured?.w, measured?.h]) {
      expect(side).not.toBe(1);
      // Half of what a side may be apart at most, as a power.
      expect(Math.abs(Math.log(side ?? 0))).toBeLessThanOrEqual(Math.log(1.5) / 2);
    }
  });
});

describe('state', () => {
  it('follows the score by the thresholds given', async () => {
    const box: Box = [100, 100, 40, 40];
    const states = async (tracking: number, lost: number) => {
      const tracker = new Tracker(boxModel, { states: { tracking, lost } });
      await tracker.init(scene(box), box);
      return (await tracker.update(scene(box))).state;
    };
    expect(await states(0.01, 0)).toBe('tracking');
    expect(await states(1, 0)).toBe('uncertain');
    expect(await states(1, 1)).toBe('lost');
  });

  const box: Box = [100, 100, 40, 40];
  const back: Box = [230, 60, 40, 40];
  const nothing = drawPicture(320, 240, GREY);
  const lose = async (tracker: Tracker) => {
    await tracker.init(scene(box), box, 0);
    let { state } = await tracker.update(scene(box), 0.04);
    expect(state).toBe('tracking');
    const seen: string[] = [];
    for (let k = 2; state !== 'lost' && k < 100; k++) {
      ({ state } = await tracker.update(nothing, k / 25));
      seen.push(state);
    }
    return { state, seen };
  };

  it('falls to uncertain and then to lost when the target is gone; the box stays where it was seen last', async () => {
    const tracker = new Tracker(boxModel);
    const { state, seen } = await lose(tracker);
    expect(state).toBe('lost');
    expect(seen).toContain('uncertain');
    const later = await tracker.update(nothing, 5);
    expect(later.state).toBe('lost');
    expect(iou(later.box, box)).toBeGreaterThan(0.5);
    expect(later.score).toBeLessThan(0.5);
  });

  it('finds a target that comes back elsewhere in the picture, once it has been seen in several frames', async () => {
    const tracker = new Tracker(boxModel);
    await lose(tracker);
    const states: string[] = [];
    for (let k = 0; k < 12; k++) {
      const result = await tracker.update(scene(back), 5 + k / 25);
      states.push(result.state);
      if (result.state === 'lost') expect(iou(result.box, box)).toBeGreaterThan(0.5);
      else expect(iou(result.box, back)).toBeGreaterThan(0.5);
    }
    expect(states.slice(0, 2)).toEqual(['lost', 'lost']);
    expect(states.at(-1)).toBe('tracking');
  });

  it('looks nowhere else while it is uncertain, and finds a target elsewhere once it is lost; also from any snapshot in between', async () => {
    let tracker = new Tracker(boxModel);
    await tracker.init(scene(box), box, 0);
    let seconds = 0;
    // Frames so close that many pass before the mean belief has fallen.
    const update = (picture: typeof nothing) => {
      seconds += 0.01;
      return tracker.update(picture, seconds);
    };
    let { state } = await update(scene(box));
    for (let k = 0; state !== 'uncertain' && k < 200; k++) ({ state } = await update(nothing));
    const states = [state];
    for (let k = 0; k < 120 && states.at(-1) !== 'tracking'; k++) {
      const result = await update(scene(back));
      states.push(result.state);
      const isThere = iou(result.box, back) > 0.5;
      expect(isThere).toBe(result.state === 'tracking');
      tracker = Tracker.restore(boxModel, JSON.parse(JSON.stringify(tracker.snapshot())));
    }
    const order = states.filter((s, k) => s !== states[k - 1]);
    expect(order).toEqual(['uncertain', 'lost', 'tracking']);
    expect(states.filter((s) => s === 'uncertain').length).toBeGreaterThanOrEqual(4);
    // Half a second, then three frames in a row.
    expect(states.filter((s) => s === 'lost').length).toBeGreaterThanOrEqual(50 + 2);
  });

  it('does not go to what is seen elsewhere where the target has only had a bad moment', async () => {
    const tracker = new Tracker(boxModel);
    await lose(tracker);
    // What looks like the target is gone before half a second is over.
    const { seconds } = tracker.snapshot();
    for (let k = 1; k <= 12; k++) {
      const result = await tracker.update(scene(back), seconds + k / 25);
      expect(result.state).toBe('lost');
      expect(iou(result.box, box)).toBeGreaterThan(0.5);
    }
    let result = await tracker.update(scene(box), seconds + 13 / 25);
    for (let k = 14; k < 30 && result.state === 'lost'; k++)
      result = await tracker.update(scene(box), seconds + k / 25);
    expect(result.state).not.toBe('lost');
    expect(iou(result.box, box)).toBeGreaterThan(0.5);
  });

  it('looks nowhere else where it may not', async () => {
    const tracker = new Tracker(boxModel, { searchBudget: 0 });
    await lose(tracker);
    for (let k = 0; k < 12; k++) expect((await tracker.update(scene(back), 5 + k / 25)).state).toBe('lost');
  });

  it('goes on from a snapshot of a lost target as the tracker itself does', async () => {
    const tracker = new Tracker(boxModel);
    await lose(tracker);
    const restored = Tracker.restore(boxModel, JSON.parse(JSON.stringify(tracker.snapshot())));
    for (let k = 0; k < 12; k++) {
      const seconds = 5 + k / 25;
      expect(await restored.update(scene(back), seconds)).toEqual(await tracker.update(scene(back), seconds));
    }
  });
});

describe('boxes at and beyond the edge', () => {
  it('keep their centre inside and their size within the frame, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: -30, max: 120, noNaN: true }),
        fc.double({ min: -30, max: 90, noNaN: true }),
        fc.double({ min: 0.5, max: 300, noNaN: true }),
        fc.double({ min: 0.5, max: 300, noNaN: true }),
        fc.integer({ min: 0, max: 50 }),
        async (x, y, w, h, seed) => {
          fc.pre(x + w > 0 && y + h > 0 && x < 100 && y < 70);
          const tracker = new Tracker(boxModel);
          await tracker.init(noisePicture(100, 70, seed), [x, y, w, h]);
          for (let k = 1; k < 4; k++) {
            const { box } = await tracker.update(noisePicture(100, 70, seed + k));
            expect(box.every(Number.isFinite)).toBe(true);
            const [cx, cy] = [box[0] + box[2] / 2, box[1] + box[3] / 2];
            expect(cx >= -1e-9 && cx <= 100 + 1e-9 && cy >= -1e-9 && cy <= 70 + 1e-9).toBe(true);
            expect(box[2] > 0 && box[2] <= 100 && box[3] > 0 && box[3] <= 70).toBe(true);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('follow a target that half leaves the frame', async () => {
    const at = (k: number): Box => [200 + 4 * k, 100, 40, 40];
    const tracker = new Tracker(boxModel);
    await tracker.init(scene(at(0), 280), at(0));
    let box: Box = at(0);
    for (let k = 1; k <= 15; k++) box = (await tracker.update(scene(at(k), 280))).box;
    expect(box[0] + box[2]).toBeGreaterThan(280);
    expect(Math.abs(box[0] - at(15)[0])).toBeLessThan(16);
  });

  it('may start partly outside', async () => {
    const box: Box = [-20, 90, 60, 60];
    const tracker = new Tracker(boxModel);
    await tracker.init(scene(box), box);
    expect(iou((await tracker.update(scene(box))).box, box)).toBeGreaterThan(0.5);
  });

  it('may be smaller than 8 px, and larger than half the frame', async () => {
    for (const box of [
      [100, 100, 6, 6],
      [20, 20, 280, 200],
    ] as Box[]) {
      const tracker = new Tracker(boxModel);
      await tracker.init(scene(box), box);
      const result = await tracker.update(scene(box));
      expect(iou(result.box, box), `${box}`).toBeGreaterThan(0.4);
    }
  });
});

describe('a first box that cannot be followed', () => {
  it.each<[string, readonly number[]]>([
    ['no width', [10, 10, 0, 20]],
    ['a negative height', [10, 10, 20, -1]],
    ['not a number', [Number.NaN, 10, 20, 20]],
    ['infinite', [10, 10, Number.POSITIVE_INFINITY, 20]],
    ['left of the frame', [-50, 10, 50, 20]],
    ['below the frame', [10, 240, 20, 20]],
    ['three numbers', [1, 2, 3]],
  ])('is refused: %s', async (_, box) => {
    const tracker = new Tracker(boxModel);
    const init = tracker.init(scene([1, 1, 9, 9]), box as unknown as Box);
    await expect(init).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: /^box: expected/ });
    await expect(tracker.update(scene([1, 1, 9, 9]))).rejects.toMatchObject({ code: 'NOT_INITIALISED' });
  });
});

describe('order of calls', () => {
  it('update before init is refused', async () => {
    await expect(new Tracker(boxModel).update(scene([1, 1, 9, 9]))).rejects.toMatchObject({
      code: 'NOT_INITIALISED',
    });
  });

  it('a second call before the first settled is refused and harms nothing', async () => {
    const box: Box = [100, 100, 40, 40];
    const tracker = new Tracker(boxModel);
    await tracker.init(scene(box), box);
    const first = tracker.update(scene(box));
    await expect(tracker.update(scene(box))).rejects.toMatchObject({ code: 'TRACKER_BUSY' });
    expect(iou((await first).box, box)).toBeGreaterThan(0.5);
  });

  it('init again points anew', async () => {
    const [a, b]: Box[] = [
      [20, 20, 40, 40],
      [220, 150, 40, 40],
    ];
    const tracker = new Tracker(boxModel);
    await tracker.init(scene(a), a);
    await tracker.init(scene(b), b);
    expect(iou((await tracker.update(scene(b))).box, b)).toBeGreaterThan(0.5);
  });
});

describe('a picture of another size', () => {
  it('takes the box along', async () => {
    const box: Box = [100, 100, 40, 40];
    const tracker = new Tracker(boxModel);
    await tracker.init(scene(box), box);
    const double: Box = [200, 200, 80, 80];
    expect(iou((await tracker.update(scene(double, 640, 480))).box, double)).toBeGreaterThan(0.5);
  });
});
