import { createHash } from 'node:crypto';
import { InvalidArgumentError, packageVersion } from '../../common/index.js';
import { curvesSection } from './curves-section.js';
import { type Markup, raw, render, tag } from './markup.js';
import type { ReportInput, ReportTracker, Series } from './model.js';
import { scoreSection } from './score-section.js';
import { SCRIPT } from './script.js';
import { tableSection, timelinesSection } from './sequences-section.js';
import { STYLE } from './style.js';
import { summarySection } from './summary-section.js';
import { termsSection } from './terms.js';
import { counted } from './words.js';

const SECTIONS = [
  ['summary', 'Summary'],
  ['curves', 'Success and precision'],
  ['score', 'Score'],
  ['table', 'Sequence by sequence'],
  ['sequences', 'Frame by frame'],
  ['terms', 'Words'],
] as const;

/**
 * A report as one HTML page that needs nothing from anywhere: styles, drawings (SVG) and a small script are in it, and its own content security
 * policy forbids it everything else. The figures are in it a second time as JSON, in `<script type="application/json" id="figures">`.
 *
 * @throws {InvalidArgumentError} where two trackers have the same name, or were measured on other sequences
 */
export function renderReport(input: ReportInput): string {
  const { dataset, tracker, against = [], facts = [], made = new Date() } = input;
  const series = [tracker, ...against].map((one, index): Series => ({ ...one, index }));
  checkSeries(series);
  const { sequences } = tracker.report;
  const frames = sequences.reduce((sum, row) => sum + row.frames, 0);
  const title = `${tracker.name} on ${dataset}`;
  const head = tag(
    'head',
    {},
    tag('meta', { charset: 'utf-8' }),
    tag('meta', { 'http-equiv': 'Content-Security-Policy', content: policy() }),
    tag('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    tag('meta', { name: 'generator', content: `siamtrack ${packageVersion()}` }),
    tag('title', {}, title),
    tag('style', {}, raw(STYLE)),
  );
  const body = tag(
    'body',
    {},
    tag(
      'header',
      {},
      tag('p', { class: 'over' }, 'siamtrack evaluation'),
      tag('h1', {}, title),
      tag(
        'ul',
        { class: 'facts-list' },
        tag('li', {}, tag('b', {}, `${counted(sequences.length, 'target')}, ${counted(frames, 'frame')}`)),
        facts.map(([name, value]) => fact(name, value)),
        tag(
          'li',
          {},
          tag(
            'time',
            { datetime: made.toISOString() },
            `${made.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
          ),
        ),
      ),
      tag(
        'nav',
        { 'aria-label': 'Sections' },
        tag(
          'ul',
          {},
          SECTIONS.map(([id, name]) => tag('li', {}, tag('a', { href: `#${id}` }, name))),
        ),
      ),
    ),
    hatch(),
    tag(
      'main',
      {},
      summarySection(series),
      curvesSection(series),
      scoreSection(series),
      tableSection(series),
      timelinesSection(series),
      termsSection(),
    ),
    tag('footer', {}, `Made by siamtrack ${packageVersion()}: siamtrack evaluate --report.`),
    tag('script', { type: 'application/json', id: 'figures' }, raw(figuresOf(input))),
    tag('script', {}, raw(SCRIPT)),
  );
  return `<!doctype html>\n${render(tag('html', { lang: 'en' }, head, body))}\n`;
}

function checkSeries(series: readonly Series[]): void {
  const [main, ...others] = series;
  const names = (one: ReportTracker) => one.report.sequences.map(({ sequence }) => sequence).join('\n');
  others.forEach((other, k) => {
    if (series.slice(0, k + 1).some(({ name }) => name === other.name)) {
      throw new InvalidArgumentError('against', 'names that no other tracker of the report has', other.name);
    }
    if (names(other) !== names(main)) {
      const got = names(other).split('\n');
      throw new InvalidArgumentError('against', `the sequences that ${main.name} was measured on`, got);
    }
  });
}

/** The drawings' pattern of what is lost, hatched so that colour is not all that tells it. */
function hatch(): Markup {
  const pattern = tag(
    'pattern',
    { id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    tag('rect', { class: 'hatch-ground', width: 5, height: 5 }),
    tag('rect', { class: 'hatch-line', width: 2, height: 5 }),
  );
  return tag(
    'svg',
    { class: 'hidden', 'aria-hidden': 'true', xmlns: 'http://www.w3.org/2000/svg' },
    tag('defs', {}, pattern),
  );
}

function fact(name: string, value: string): Markup {
  return tag('li', {}, `${name} `, tag('b', {}, value));
}

/** Everything is forbidden but the style and the script that are in the page, known by their digests. */
function policy(): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;
}

/** JSON that ends no script element; what JSON has no word for is `null`. */
function figuresOf({ dataset, tracker, against = [] }: ReportInput): string {
  const plain = ({ name, report }: ReportTracker) => ({ name, ...report });
  const figures = { dataset, tracker: plain(tracker), against: against.map(plain) };
  return JSON.stringify(figures).replace(
    /[<\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
