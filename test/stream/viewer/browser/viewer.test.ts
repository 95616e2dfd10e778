import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clip, ensureFixture } from '../../../../fixtures/index.js';
import { type Box, iou } from '../../../../src/common/index.js';
import { type Seen, seenOnStage, spoken, watchStage } from './seen.js';
import { findChromium, ServeProcess, Traffic, VIEWER } from './serving.js';

const executablePath = findChromium();
const why = !executablePath ? 'no Chromium' : existsSync(VIEWER) ? '' : 'no built viewer';
if (why) console.warn(`The viewer is not tested: ${why}.`);

/** Colour of the first target of a stream. */
const FIRST = '#56b4e9';
const TIMEOUT = 45_000;

const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: TIMEOUT, interval: 100 });

describe.skipIf(why !== '')('the viewer in a browser', () => {
  let clip: Clip;
  let leaving: Clip;
  let serving: ServeProcess;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let traffic: Traffic;

  beforeAll(async () => {
    [clip, leaving] = await Promise.all([ensureFixture('moving'), ensureFixture('leaving')]);
    serving = await ServeProcess.start([
      { name: 'road', source: clip.video },
      { name: 'gate', source: leaving.video, heldFrames: 25 },
    ]);
    // Chromium's own sandbox is not to be had for root.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await serving?.close();
  });
  afterEach(() => context.close());

  async function open(stream = 'road', options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    traffic = new Traffic(page);
    await page.goto(serving.url);
    await page.getByRole('button', { name: new RegExp(`^${stream}`) }).click();
    await page.waitForSelector(`#stage[data-stream="${stream}"][data-frame]`);
    await removeAll();
  }

  const state = () => page.locator('#stream-state').textContent();
  const toStart = () => page.getByRole('slider', { name: 'Place in the file' }).press('Home');

  /** Lets the file play, from its start where it has ended. */
  async function play(): Promise<void> {
    while ((await state()) === 'ended') {
      await toStart();
      await page.waitForTimeout(200);
    }
    if ((await state()) === 'paused') await page.getByRole('button', { name: 'Play', exact: true }).click();
    await eventually(state).toMatch(/playing|ended/);
  }

  /** Pauses the file where it is, or at its end. */
  async function halt(): Promise<void> {
    if ((await state()) === 'playing')
      await page
        .locator('#pause')
        .click({ timeout: 1000 })
        .catch(() => undefined);
    await eventually(state).toMatch(/paused|ended/);
  }

  /** Pauses the file and goes to its first frame, in the way of a person. */
  async function pauseAtStart(): Promise<void> {
    while ((await state()) !== 'paused') {
      // It may end meanwhile: then it is played again.
      await play();
      await halt();
    }
    // A key that is pressed while the slider is already at its start changes nothing: step on and press again, as a person would.
    const deadline = Date.now() + TIMEOUT;
    for (;;) {
      await toStart();
      const arrived = page.waitForSelector('#stage[data-frame="0"]', { timeout: 3000 });
      if (await arrived.then(Boolean, () => false)) return;
      expect(Date.now(), 'frame 0 is shown in time').toBeLessThan(deadline);
      await page.getByRole('button', { name: 'One frame on' }).click();
    }
  }

  /** Where a point of the frame is on the screen. */
  async function onScreen(x: number, y: number): Promise<[number, number]> {
    const { left, top, scale } = await page.evaluate(() => {
      const box = document.getElementById('overlay')!.getBoundingClientRect();
      return { left: box.left, top: box.top, scale: box.width / 320 };
    });
    return [left + x * scale, top + y * scale];
  }

  const shownFrame = async () => Number(await page.locator('#stage').getAttribute('data-frame'));

  /** @returns the frame that was on the screen while it was drawn */
  async function drag([x, y, width, height]: Box): Promise<number> {
    await page.mouse.move(...(await onScreen(x, y)));
    await page.mouse.down();
    await page.mouse.move(...(await onScreen(x + width, y + height)), { steps: 4 });
    const frame = await shownFrame();
    await page.mouse.up();
    return frame;
  }

  const target = (name: string) =>
    page.locator('#targets li').filter({ has: page.locator('strong', { hasText: name }) });

  async function removeAll(): Promise<void> {
    const remove = page.getByRole('button', { name: /^Remove / });
    while (await remove.count()) {
      const count = await remove.count();
      await remove.first().click();
      await eventually(() => remove.count()).toBeLessThan(count);
    }
  }

  it('follows what a box is drawn around, each box on the picture that it was computed on', async () => {
    await open();
    await page.getByLabel('Trails').uncheck();
    await pauseAtStart();
    await watchStage(page, FIRST);
    await drag(clip.boxes[0]!);
    await target('1').waitFor();
    const sent = traffic.sent.find(({ type }) => type === 'addTarget');
    expect(sent).toMatchObject({ stream: 'road', frame: 0 });
    sent.box.forEach((value: number, k: number) => {
      expect(Math.abs(value - clip.boxes[0]![k])).toBeLessThan(1);
    });
    await play();
    const seen: Seen[] = [];
    await eventually(async () => seen.push(...(await seenOnStage(page)))).toBeGreaterThan(12);

    const overlaps: number[] = [];
    const offsets: number[] = [];
    for (const { frame, middle, overlay } of seen) {
      const box = traffic.target('road', '1', frame)?.box;
      const truth = clip.boxes[frame % clip.frames]!;
      if (!box || frame === 0 || frame >= clip.frames) continue;
      // The drawn box is that of this frame's message,
      for (const off of overlay.edges(box))
        expect(Math.abs(off ?? Infinity), `frame ${frame}`).toBeLessThan(0.75);
      // the picture is of this frame, as the car stands where it stood then (it moves 2.2 pixels a frame),
      offsets.push(middle.x - (truth[0] + truth[2] / 2));
      // and the box holds the car.
      overlaps.push(iou(box as unknown as Box, truth));
    }
    expect(overlaps.length).toBeGreaterThan(8);
    expect(Math.min(...overlaps)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThan(2);

    // It is still there when the page comes back, and goes when it is told to.
    await page.reload();
    await target('1').waitFor();
    await target('1').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('textbox', { name: 'New name' }).fill('Red car');
    await page.keyboard.press('Enter');
    await target('Red car').waitFor();
    await page.reload();
    await target('Red car').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No targets yet.').waitFor();
    expect(traffic.complaints).toEqual([]);
    const { host } = new URL(serving.url);
    expect(traffic.addresses.filter((address) => new URL(address).host !== host)).toEqual([]);
  });

  it('draws a lost target dashed, where it was last seen, and says so', async () => {
    await open('gate');
    await page.getByLabel('Trails').uncheck();
    await pauseAtStart();
    await drag(leaving.boxes[0]!);
    await target('1').waitFor();
    await watchStage(page, FIRST);
    await play();
    const lost: Seen[] = [];
    await eventually(async () => {
      const seen = await seenOnStage(page);
      if ((await state()) === 'ended') await play();
      return lost.push(...seen.filter(({ frame }) => traffic.target('gate', '1', frame)?.state === 'lost'));
    }).toBeGreaterThan(0);
    for (const { frame, overlay } of lost) {
      const [x, y, width, height] = traffic.target('gate', '1', frame).box;
      const share = overlay.drawnShare([x, y, Math.min(width, 318 - x), height]);
      expect(share, `frame ${frame}`).toBeGreaterThan(0.25);
      expect(share, `frame ${frame}`).toBeLessThan(0.7);
    }
    await eventually(() => spoken(page)).toMatch(/1 was lost/);

    // Shown anew on the frame that is shown, it keeps its id.
    await halt();
    await target('1').getByRole('button', { name: 'Redraw' }).click();
    const shown = await drag([200, 100, 40, 40]);
    await eventually(() => traffic.received.some(({ event }) => event === 'reinitialised')).toBe(true);
    expect(traffic.sent.find(({ type }) => type === 'reinitTarget')).toMatchObject({
      target: '1',
      frame: shown,
    });
    await removeAll();
  });

  it('puts a box whose picture has gone on the newest one, to be confirmed there', async () => {
    await open('gate');
    await pauseAtStart();
    await play();
    await page.mouse.move(...(await onScreen(100, 100)));
    await page.mouse.down();
    await page.mouse.move(...(await onScreen(160, 150)));
    await page.getByText('picture held').waitFor();
    const held = await shownFrame();
    // More frames pass than the server holds.
    const newest = () =>
      traffic.received.findLast(({ type, stream }) => type === 'boxes' && stream === 'gate').frame;
    await eventually(newest).toBeGreaterThan(held + 30);
    await page.mouse.up();
    await page.getByRole('alert').getByText('no longer holds that picture').waitFor();
    await page.locator('#edit').waitFor();
    while (!(await page.locator('#targets li').count())) {
      // This picture, too, is held for a second only.
      if (await page.locator('#edit').isVisible()) await page.keyboard.press('Enter');
      await page.waitForTimeout(200);
    }
    const added = traffic.sent.filter(({ type }) => type === 'addTarget');
    expect(added.at(-1).frame).toBeGreaterThan(added[0].frame);
    await removeAll();
  });

  it('is used by keys alone', async () => {
    await open();
    await pauseAtStart();
    for (let k = 0; k < 40; k++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.id === 'stage')) break;
    }
    await page.keyboard.press('n');
    const side = async (name: string) => Number(await page.getByLabel(name, { exact: true }).inputValue());
    const before = [await side('x'), await side('y'), await side('width')];
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Shift+ArrowRight');
    expect(await side('x')).toBeLessThan(before[0]);
    expect(await side('y')).toBeLessThan(before[1]);
    expect(await side('width')).toBeGreaterThan(before[2]);
    await page.keyboard.press('Escape');
    await eventually(() => page.locator('#edit').isVisible()).toBe(false);
    await page.keyboard.press('n');
    const [x, y, width, height] = clip.boxes[0]!;
    for (const [name, value] of Object.entries({ x, y, width, height })) {
      await page.getByLabel(name, { exact: true }).fill(String(value));
      await page.keyboard.press('Tab');
    }
    await page.getByLabel('name', { exact: true }).fill('van');
    await page.keyboard.press('Enter');
    await target('van').waitFor();
    expect(traffic.sent.find(({ type }) => type === 'addTarget')).toMatchObject({
      box: [x, y, width, height],
      frame: 0,
      label: 'van',
    });
    await page.locator('#stage').focus();
    await page.keyboard.press(']');
    await page.keyboard.press('r');
    await page.keyboard.press('Enter');
    await eventually(() => traffic.received.some(({ event }) => event === 'reinitialised')).toBe(true);
    await page.keyboard.press('Delete');
    await page.getByText('No targets yet.').waitFor();
    await page.keyboard.press('Space');
    await eventually(state).toMatch(/playing|ended/);
  });

  it('is used by a finger on a phone', async () => {
    await open('road', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
    });
    await pauseAtStart();
    const session = await context.newCDPSession(page);
    const [x, y, width, height] = clip.boxes[0]!;
    const touch = async (type: 'touchStart' | 'touchMove', at: [number, number]) =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: [{ x: at[0], y: at[1] }] });
    await page.locator('#stage').scrollIntoViewIfNeeded();
    await touch('touchStart', await onScreen(x, y));
    await touch('touchMove', await onScreen(x + width / 2, y + height / 2));
    await touch('touchMove', await onScreen(x + width, y + height));
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await page.locator('#targets li').waitFor();
    const { box } = traffic.sent.find(({ type }) => type === 'addTarget');
    expect(iou(box, clip.boxes[0]!)).toBeGreaterThan(0.8);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await removeAll();
  });

  it('writes a targets file that a batch reads', async () => {
    await open();
    await pauseAtStart();
    await page.getByRole('radio', { name: 'Mark for a batch' }).check({ force: true });
    await drag(clip.boxes[0]!);
    await page.getByLabel('also backwards').check();
    const save = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`targets.${name.slice(-4).trim().toLowerCase()}`);
      return readFile(await download.path(), 'utf8');
    };
    const json = JSON.parse(await save('Save JSON'));
    expect(Object.keys(json)).toEqual([clip.video]);
    const [{ box, ...mark }] = json[clip.video];
    expect(mark).toEqual({ id: '1', start: { frame: 0 }, units: 'pixels', backwards: true });
    expect(iou(box, clip.boxes[0]!)).toBeGreaterThan(0.9);
    const csv = await save('Save CSV');
    expect(csv).toContain(`${clip.video},1,,0,${box.join(',')},pixels,yes\n`);
    expect(traffic.sent.some(({ type }) => type === 'addTarget')).toBe(false);
  });

  it('breaks no rule of accessibility that can be checked by a program', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const check = async () => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() =>
        (
          window as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          }
        ).axe.run(),
      );
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    };
    await open();
    await pauseAtStart();
    await drag(clip.boxes[0]!);
    await page.locator('#targets li').waitFor();
    await page.getByRole('button', { name: 'New box' }).click();
    expect(await check()).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect(await check()).toEqual([]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('radio', { name: 'Mark for a batch' }).check({ force: true });
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await check()).toEqual([]);
    await page.getByRole('button', { name: 'Help' }).click();
    expect(await check()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('radio', { name: 'Follow now' }).check({ force: true });
    await removeAll();
  });

  it('comes back by itself when the server does, and asks for a token where it wants one', async () => {
    await open();
    await serving.stop('SIGKILL');
    await page.getByText(/Connection lost\. Trying again in \d+ s/).waitFor();
    await eventually(() => page.locator('#announcer').textContent()).toMatch(
      /connection to the server was lost/,
    );
    await serving.start({ SIAMTRACK_TOKEN: 'a token for tests' });
    const token = page.getByLabel('Token', { exact: true });
    await token.waitFor();
    await token.fill('another token');
    await page.keyboard.press('Enter');
    await page.getByText('The server does not know this token.').waitFor();
    await token.fill('a token for tests');
    await page.keyboard.press('Enter');
    await eventually(() => page.locator('#connection').textContent()).toBe('Connected');
    const after = traffic.received.findLastIndex(({ type }) => type === 'hello');
    // The file may have come to its end meanwhile.
    await play();
    await eventually(() => traffic.received.slice(after).some(({ type }) => type === 'boxes')).toBe(true);
    // The token is remembered.
    await page.reload();
    await page.waitForSelector('#stage[data-frame]');
    expect(await page.getByRole('dialog').isVisible()).toBe(false);
  });
});
