import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../../src/evaluate/index.js';
import { twoTrackers } from './trackers.js';

const program = ['chromium-headless-shell', 'chromium', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);
if (!program) console.info('skipped: no Chromium to open reports with');

let folder: string;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const fetched: string[] = [];

const START_MS = 60_000;

describe.skipIf(!program)('a report in a browser', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'siamtrack-report-'));
    const { full, boxes } = await twoTrackers();
    const file = join(folder, 'report.html');
    await writeFile(file, renderReport({ dataset: 'clips', tracker: full, against: [boxes] }));
    const path = spawnSync('which', [program!], { encoding: 'utf8' }).stdout.trim();
    browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'], timeout: START_MS });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => fetched.push(request.url()));
    await page.goto(pathToFileURL(file).href);
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('opens without a complaint and fetches nothing but itself', () => {
    expect(complaints).toEqual([]);
    expect(fetched.filter((url) => !url.endsWith('/report.html'))).toEqual([]);
  });

  it('sorts by any column, up and down, figures it lacks last', async () => {
    const names = () => page.locator('#table tbody th').allTextContents();
    const click = (name: string) => page.locator('#table thead button', { hasText: name }).first().click();
    await click('frames');
    expect(await names()).toEqual(['Gone & <back>', 'Plain']);
    await click('frames');
    expect(await names()).toEqual(['Plain', 'Gone & <back>']);
    expect(await page.locator('#table th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    // Only one of the two was ever absent.
    for (let k = 0; k < 2; k++) {
      await click('presence');
      expect(await names()).toEqual(['Gone & <back>', 'Plain']);
    }
  });

  it('reads values off where the pointer is', async () => {
    const timeline = page.locator('#t1 svg.timeline');
    await timeline.scrollIntoViewIfNeeded();
    const at = async (frame: number) => {
      const { x, y, width, height } = (await timeline.boundingBox())!;
      const ends = await Promise.all(['left', 'right'].map((end) => timeline.getAttribute(`data-${end}`)));
      const [left, right] = ends.map((unit) => x + (Number(unit) / 1080) * width);
      await page.mouse.move(left + (frame / 59) * (right - left), y + height / 2);
      return page.locator('#t1 .readout').textContent();
    };
    expect(await at(10)).toBe('frame 10 · overlap 1.000 · score 0.900 · tracking');
    expect(await at(24)).toBe('frame 24 · absent · score 0.050 · lost');
    await page.mouse.move(0, 0);
    expect(await page.locator('#t1 .readout').textContent()).toBe('');
  });

  it.each(['light', 'dark'] as const)('is accessible in %s colours', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(16, 19, 23)');
    // The page's own policy would not let the checker in; the browser's tool may.
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const found = (await page.evaluate(
      `${axe}; axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join('\\n')))`,
    )) as string[];
    expect(found).toEqual([]);
  });

  it('fits a small screen, but for tables that scroll by themselves', async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('opens what is folded for printing, and folds it again', async () => {
    await page.locator('#t0 > summary').click();
    expect(await page.locator('#t0').getAttribute('open')).toBeNull();
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator('#t0').getAttribute('open')).toBe('');
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator('#t0').getAttribute('open')).toBeNull();
  });
});
