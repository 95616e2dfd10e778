import type { Page } from 'playwright-core';

/** What was on the screen at one time. */
export interface Seen {
  /** The frame that the page says it shows. */
  readonly frame: number;
  /** The middle of the pixels of the car's colour in the picture, pixels of the frame. */
  readonly middle: { readonly x: number; readonly y: number };
  /** The boxes drawn over it. */
  readonly overlay: OverlayPixels;
}

interface Kept extends Pick<Seen, 'frame' | 'middle'> {
  readonly drawn: readonly number[];
  readonly width: number;
}

/** Pixels of an overlay, to be looked at. */
export class OverlayPixels {
  readonly #width: number;
  readonly #drawn: ReadonlySet<number>;
  readonly #scale: number;

  /**
   * @param width of the overlay in pixels
   * @param drawn indexes of its pixels that have the colour of the target
   */
  constructor(width: number, drawn: readonly number[], frameWidth: number) {
    this.#width = width;
    this.#drawn = new Set(drawn);
    this.#scale = width / frameWidth;
  }

  /** Whether something is drawn at a point of the frame. */
  has(x: number, y: number): boolean {
    const [column, row] = [Math.floor(x * this.#scale), Math.floor(y * this.#scale)];
    return column >= 0 && column < this.#width && this.#drawn.has(row * this.#width + column);
  }

  /**
   * How far each edge of a box is drawn from its place, in pixels of the frame; undefined where none is drawn near it. Looked at near the
   * lower right corner, where no name is written.
   */
  edges([x, y, width, height]: readonly number[]): (number | undefined)[] {
    const [right, bottom] = [x + width, y + height];
    const [across, down] = [x + 0.9 * width, y + 0.8 * height];
    return [
      this.#near(x, (at) => this.has(at, down)),
      this.#near(y, (at) => this.has(across, at)),
      this.#near(right, (at) => this.has(at, down)),
      this.#near(bottom, (at) => this.has(across, at)),
    ];
  }

  /** The share of a box's lower edge that is drawn. */
  drawnShare([x, y, width, height]: readonly number[]): number {
    let drawn = 0;
    const steps = 200;
    for (let k = 0; k < steps; k++) if (this.has(x + (width * (k + 0.5)) / steps, y + height)) drawn++;
    return drawn / steps;
  }

  #near(place: number, has: (at: number) => boolean): number | undefined {
    const found: number[] = [];
    for (let off = -5; off <= 5; off += 0.25) if (has(place + off)) found.push(off);
    return found.length > 0 ? found.reduce((sum, off) => sum + off, 0) / found.length : undefined;
  }
}

/** Begins to keep what is shown at every change of the picture, and what is told to those who listen. @param colour of the box */
export async function watchStage(page: Page, colour: string): Promise<void> {
  await page.evaluate((hex) => {
    const stage = document.getElementById('stage') as HTMLElement;
    const picture = document.getElementById('picture') as HTMLCanvasElement;
    const overlay = document.getElementById('overlay') as HTMLCanvasElement;
    const wanted = [1, 3, 5].map((k) => Number.parseInt(hex.slice(k, k + 2), 16));
    const kept: Kept[] = [];
    const look = () => {
      const { data, width, height } = picture
        .getContext('2d')!
        .getImageData(0, 0, picture.width, picture.height);
      let [x, y, count] = [0, 0, 0];
      for (let k = 0; k < width * height; k++) {
        // The car's paintwork: nothing else in the clip is as red.
        if (data[4 * k] - Math.max(data[4 * k + 1], data[4 * k + 2]) < 90) continue;
        x += (k % width) + 0.5;
        y += Math.floor(k / width) + 0.5;
        count++;
      }
      const over = overlay.getContext('2d')!.getImageData(0, 0, overlay.width, overlay.height);
      const drawn: number[] = [];
      for (let k = 0; k < over.data.length; k += 4)
        if (wanted.every((value, c) => Math.abs(over.data[k + c] - value) < 24) && over.data[k + 3] > 200)
          drawn.push(k / 4);
      kept.push({
        frame: Number(stage.dataset.frame),
        middle: { x: (x / count) * (320 / width), y: (y / count) * (320 / width) },
        drawn,
        width: overlay.width,
      });
    };
    // Its callback comes after the turn in which picture and boxes were drawn, and before any other.
    new MutationObserver(look).observe(stage, { attributes: true, attributeFilter: ['data-frame'] });
    look();
    const said: string[] = [];
    const announcer = document.getElementById('announcer') as HTMLElement;
    new MutationObserver(() => said.push(announcer.textContent ?? '')).observe(announcer, {
      childList: true,
    });
    Object.assign(window, { kept, said });
  }, colour);
}

/** What was kept, and is forgotten by the page with this call. */
export async function seenOnStage(page: Page): Promise<Seen[]> {
  const kept = await page.evaluate(() => (window as unknown as { kept: Kept[] }).kept.splice(0));
  return kept.map(({ drawn, width, ...seen }) => ({
    ...seen,
    overlay: new OverlayPixels(width, drawn, 320),
  }));
}

/** What was told to people with a screen reader. */
export async function spoken(page: Page): Promise<string> {
  return page.evaluate(() => (window as unknown as { said: string[] }).said.join('. '));
}
