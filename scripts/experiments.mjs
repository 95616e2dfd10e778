// `node scripts/experiments.mjs`: draws docs/images/experiments.svg and encoders.svg from docs/experiments.json.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

const { runs, encoders } = JSON.parse(readFileSync(join(root, 'docs/experiments.json'), 'utf8'));
const rows = runs
  .filter(({ repeats }) => repeats === undefined)
  .map((run) => ({ ...run, repeated: runs.filter(({ repeats }) => repeats === run.name) }))
  .sort((a, b) => b.auc - a.auc);

const WIDTH = 792;
const LEFT = 312;
const RIGHT = 762;
const TOP = 44;
const ROW = 34;
const bottom = TOP + rows.length * ROW;
const LARGEST = 0.8;
const COLOURS = { box: '#2f6fb0', response: '#b0642f', light: '#9a9a9a' };

const x = (value) => (LEFT + (value / LARGEST) * (RIGHT - LEFT)).toFixed(1);
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const text = (at, y, content, attributes = '') =>
  `<text x="${at}" y="${y}" ${attributes}>${escaped(content)}</text>`;

const grid = Array.from({ length: LARGEST * 10 + 1 }, (_, k) => k / 10).flatMap((value) => [
  `<line x1="${x(value)}" x2="${x(value)}" y1="${TOP}" y2="${bottom}" stroke="#e2e2e2"/>`,
  text(x(value), bottom + 16, String(value), 'text-anchor="middle" fill="#555"'),
]);
const bars = rows.flatMap(({ label, head, auc, precision, repeated }, k) => {
  const y = TOP + k * ROW + 7;
  const middle = y + 8;
  return [
    text(LEFT - 10, y + 13, label, 'text-anchor="end" fill="#111"'),
    `<rect x="${LEFT}" y="${y}" width="${(x(auc) - LEFT).toFixed(1)}" height="16" fill="${COLOURS[head]}"/>`,
    ...repeated.map(
      (run) =>
        `<circle cx="${x(run.auc)}" cy="${middle}" r="4" fill="#fff" stroke="#111" stroke-width="1.5"/>`,
    ),
    `<path d="M${x(precision)} ${y - 1}v18" stroke="${COLOURS.light}" stroke-width="3"/>`,
  ];
});
const legend = [
  `<rect x="${LEFT}" y="14" width="12" height="12" fill="${COLOURS.box}"/>`,
  text(LEFT + 17, 24, 'AUC, box head'),
  `<rect x="${LEFT + 118}" y="14" width="12" height="12" fill="${COLOURS.response}"/>`,
  text(LEFT + 135, 24, 'AUC, response'),
  `<circle cx="${LEFT + 243}" cy="20" r="4" fill="#fff" stroke="#111" stroke-width="1.5"/>`,
  text(LEFT + 252, 24, 'another seed'),
  `<path d="M${LEFT + 348} 12v16" stroke="${COLOURS.light}" stroke-width="3"/>`,
  text(LEFT + 356, 24, 'precision at 20 px'),
];
const title = 'Success AUC and precision of each loss after the same number of pairs';
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 28}" role="img" aria-label="${title}" font-family="sans-serif" font-size="13">
<title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, ...grid, ...bars].join('\n')}
</svg>
`;
mkdirSync(join(root, 'docs/images'), { recursive: true });
writeFileSync(join(root, 'docs/images/experiments.svg'), svg);
writeFileSync(join(root, 'docs/images/encoders.svg'), encoderPlot(encoders.networks));

/** Accuracy against milliseconds a target. */
function encoderPlot(networks) {
  const [width, height, left, right, top, bottom] = [560, 300, 56, 540, 20, 250];
  const [slowest, least, most] = [5, 0.5, 0.7];
  const px = (ms) => (left + (ms / slowest) * (right - left)).toFixed(1);
  const py = (auc) => (bottom - ((auc - least) / (most - least)) * (bottom - top)).toFixed(1);
  const lines = [0.5, 0.55, 0.6, 0.65, 0.7].flatMap((auc) => [
    `<line x1="${left}" x2="${right}" y1="${py(auc)}" y2="${py(auc)}" stroke="#e2e2e2"/>`,
    text(left - 8, Number(py(auc)) + 4, auc.toFixed(2), 'text-anchor="end" fill="#555"'),
  ]);
  const ticks = [0, 1, 2, 3, 4, 5].map((ms) =>
    text(px(ms), bottom + 18, String(ms), 'text-anchor="middle" fill="#555"'),
  );
  const points = networks.flatMap(({ name, ms, auc }) => [
    `<circle cx="${px(ms)}" cy="${py(auc)}" r="5" fill="${COLOURS.box}"/>`,
    text(px(ms), Number(py(auc)) - 10, name, 'text-anchor="middle" fill="#111"'),
  ]);
  const label = 'Success AUC of each encoder against its milliseconds a target';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" font-family="sans-serif" font-size="13">
<title>${label}</title>
<rect width="100%" height="100%" fill="#fff"/>
${[...lines, ...ticks, ...points].join('\n')}
${text((left + right) / 2, bottom + 40, 'milliseconds a target (encoder and head, 8-bit, one thread)', 'text-anchor="middle" fill="#111"')}
</svg>
`;
}
