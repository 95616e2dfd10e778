/**
 * What the page does beyond standing there: sorting tables, reading values off the timelines, opening folds to print. Everything is to be
 * seen without it.
 */
export const SCRIPT = `
'use strict';
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, k) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') === 'descending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const key = (row) => {
        const { dataset, textContent } = row.cells[k];
        return k === 0 ? textContent : 'value' in dataset ? Number(dataset.value) : null;
      };
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === null || y === null) return (x === null) - (y === null);
        const order = typeof x === 'string' ? y.localeCompare(x, 'en', { numeric: true }) : x - y || 0;
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
const STATES = { t: 'tracking', u: 'uncertain', l: 'lost' };
for (const chart of document.querySelectorAll('svg.timeline')) {
  const { frames, left, right, overlap, score, state } = chart.dataset;
  const cursor = chart.querySelector('.cursor');
  const readout = chart.closest('details').querySelector('.readout');
  const read = (packed, k) => {
    const signs = packed.slice(2 * k, 2 * k + 2);
    return signs === '--' ? null : (parseInt(signs, 36) / 1000).toFixed(3);
  };
  const show = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse()).x;
    const last = Math.max(1, frames - 1);
    const k = Math.min(frames - 1, Math.max(0, Math.round(((at - left) / (right - left)) * last)));
    const x = Number(left) + (k / last) * (right - left);
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
    cursor.setAttribute('visibility', 'visible');
    const over = read(overlap, k);
    const parts = ['frame ' + k, over === null ? 'absent' : 'overlap ' + over];
    if (score) parts.push('score ' + read(score, k));
    if (state) parts.push(STATES[state[k]]);
    readout.textContent = parts.join(' \\u00b7 ');
  };
  chart.addEventListener('pointermove', show);
  chart.addEventListener('pointerdown', show);
  chart.addEventListener('pointerleave', () => {
    cursor.setAttribute('visibility', 'hidden');
    readout.textContent = '';
  });
}
const openTarget = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener('hashchange', openTarget);
openTarget();
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details.sequence:not([open])')];
  for (const one of folded) one.open = true;
});
addEventListener('afterprint', () => {
  for (const one of folded) one.open = false;
});
`;
