import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ReportInput, renderReport } from '../../../src/evaluate/index.js';
import { all, type Element, outline, parsePage } from './outline.js';
import { measured, twoTrackers, walk } from './trackers.js';

let input: ReportInput;
let html: string;
let page: Element;

beforeAll(async () => {
  const { full, boxes } = await twoTrackers();
  const made = new Date('2026-02-03T04:05:06Z');
  input = { dataset: 'clips', tracker: full, against: [boxes], facts: [['threads', '1']], made };
  html = renderReport(input);
  page = parsePage(html);
});

const ids = () => [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);

describe('renderReport', () => {
  it('has a structure that only changes on purpose', async () => {
    await expect(`${outline(page).join('\n')}\n`).toMatchFileSnapshot('page.outline.txt');
  });

  it('shows every sequence in the table and frame by frame, and both trackers', () => {
    const rows = all(page, 'section').find(({ attributes }) => attributes.id === 'table')!;
    expect(all(rows, 'tbody')[0].children.map((row) => row.children[0].text)).toEqual([
      'Plain',
      'Gone & <back>',
    ]);
    const timelines = all(page, 'svg').filter(({ attributes }) => attributes.class === 'timeline');
    expect(timelines.map(({ attributes }) => attributes['data-frames'])).toEqual(['40', '60']);
    for (const timeline of timelines) {
      const names = all(timeline, 'text').map(({ text }) => text);
      expect(names).toEqual(expect.arrayContaining(['full "one"', 'boxes <only>']));
    }
    expect(all(page, 'h1')[0].text).toBe('full "one" on clips');
  });

  it('tells what happened, in words beside the drawing', () => {
    const told = all(page, 'details')
      .filter(({ attributes }) => attributes.class === 'sequence')
      .map((one) =>
        all(one, 'tbody').flatMap(({ children }) =>
          children.map((row) => row.children.map((cell) => cell.text)),
        ),
      );
    expect(told).toEqual([
      [
        ['10', 'box off the target: found after 6 frames, noticed after 2'],
        ['12', 'tracker says lost, for 4 frames'],
        ['16', 'tracker says found, on the target'],
      ],
      [
        ['20', 'target absent for 8 frames'],
        ['22', 'tracker says lost, for 9 frames'],
        ['28', 'target visible again: found after 3 frames'],
        ['31', 'tracker says found, on the target'],
      ],
    ]);
  });

  it('says that a tracker has no scores instead of drawing none', () => {
    const score = all(page, 'section').find(({ attributes }) => attributes.id === 'score')!;
    expect(all(score, 'p').map(({ text }) => text)).toContain(
      'Without scores in their results: boxes <only>.',
    );
    expect(all(score, 'figure')).toHaveLength(2);
  });

  it('is whole without a network: nothing is fetched, and its policy forbids it', () => {
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/(https?:)?\/\/\w/);
    expect(html).not.toMatch(/<(link|img|iframe|object|embed)\b|\bsrc=|@import|url\((?!#hatch\))/);
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    for (const href of hrefs) expect(ids()).toContain(href.slice(1));
    const policy = all(page, 'meta').find((meta) => 'http-equiv' in meta.attributes)!.attributes.content;
    expect(policy).toMatch(/^default-src 'none'; style-src '[^ ]+'; script-src '[^ ]+'; /);
    for (const name of ['style', 'script']) {
      const inline = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(html)![1];
      expect(policy).toContain(createHash('sha256').update(inline).digest('base64'));
    }
  });

  it('holds its figures as JSON, which reads back as they were', () => {
    const text = /<script type="application\/json" id="figures">(.*?)<\/script>/.exec(html)![1];
    const figures = JSON.parse(text);
    expect(figures.tracker).toEqual(
      JSON.parse(JSON.stringify({ name: input.tracker.name, ...input.tracker.report })),
    );
    expect(figures.against.map(({ name }: { name: string }) => name)).toEqual(['boxes <only>']);
  });

  it('draws what other programs draw too', async () => {
    const drawings = html.match(
      /<svg class="timeline"[\s\S]*?<\/svg>|<svg xmlns[^>]*role="img"[\s\S]*?<\/svg>/g,
    )!;
    // Success, precision, normalised precision, reliability of one, ROC, two timelines.
    expect(drawings).toHaveLength(7);
    for (const drawing of drawings) {
      const { width, height } = await sharp(Buffer.from(drawing)).metadata();
      expect(width! > 100 && height! > 100).toBe(true);
    }
  });

  it('names every drawing for those who cannot see it, gives its figures as a table, and no id twice', () => {
    for (const drawing of all(page, 'svg')) {
      if (drawing.attributes['aria-hidden']) continue;
      expect(drawing.attributes.role).toBe('img');
      expect(drawing.attributes['aria-label'].length).toBeGreaterThan(10);
      expect(drawing.children.slice(0, 2).map(({ name }) => name)).toEqual(['title', 'desc']);
    }
    for (const figure of all(page, 'figure')) expect(all(figure, 'table')).toHaveLength(1);
    expect(new Set(ids()).size).toBe(ids().length);
  });

  it('is the same to the byte for the same results', () => {
    expect(renderReport(input)).toBe(html);
  });

  it('lets no name out of its place', async () => {
    const name = `</script><script>alert(1)</script>"'&\u0007`;
    const sequences = [walk(name, 5)];
    const tracker = await measured(name, sequences, (truth) => ({
      box: truth,
      score: 0.5,
      state: 'tracking',
    }));
    const hostile = parsePage(renderReport({ dataset: name, tracker }));
    expect(all(hostile, 'script')).toHaveLength(2);
    expect(all(hostile, 'h1')[0].text).toBe(`${name} on ${name}`.replaceAll('\u0007', '\ufffd'));
  });

  it('stands with what is least: one frame, no scores, nothing found', async () => {
    const sequences = [walk('One', 1), walk('Short', 2)];
    const tracker = await measured('least', sequences, () => ({ box: null }));
    const least = parsePage(renderReport({ dataset: 'd', tracker }));
    expect(all(least, 'svg').filter(({ attributes }) => attributes.class === 'timeline')).toHaveLength(2);
    expect(renderReport({ dataset: 'd', tracker })).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('refuses trackers that cannot be set side by side', async () => {
    const { full } = await twoTrackers();
    expect(() => renderReport({ dataset: 'd', tracker: full, against: [full] })).toThrow(
      'against: expected names that no other tracker of the report has',
    );
    const other = await measured('other', [walk('Plain', 40)], (truth) => ({ box: truth }));
    expect(() => renderReport({ dataset: 'd', tracker: full, against: [other] })).toThrow(
      'against: expected the sequences that full "one" was measured on',
    );
  });
});
