import { type Child, type Markup, tag } from './markup.js';
import { type Series, seriesClass } from './model.js';

/** A drawing with its heading, legend and, folded away, its figures as a table. */
export function figure(
  title: string,
  drawing: Markup,
  { legend, table }: { readonly legend?: Child; readonly table?: Child } = {},
): Markup {
  return tag(
    'figure',
    {},
    tag('figcaption', {}, tag('h3', {}, title)),
    drawing,
    legend ?? null,
    table ? tag('details', { class: 'figures-of' }, tag('summary', {}, 'as a table'), table) : null,
  );
}

/** The trackers with their lines and a figure each, the best first. */
export function legend(
  series: readonly Series[],
  value: (series: Series) => string,
  valueName: string,
): Markup {
  const sorted = [...series].sort((a, b) => (Number(value(b)) || 0) - (Number(value(a)) || 0));
  return tag(
    'ul',
    { class: 'legend' },
    sorted.map((one) =>
      tag(
        'li',
        {},
        swatch(one),
        tag('span', { class: 'name' }, one.name),
        tag('span', { class: 'value', title: valueName }, value(one)),
      ),
    ),
  );
}

/** A short piece of a series' line. */
export function swatch(series: Series): Markup {
  return tag(
    'svg',
    { class: 'swatch', viewBox: '0 0 24 8', 'aria-hidden': 'true', xmlns: 'http://www.w3.org/2000/svg' },
    tag('path', { class: `line ${seriesClass(series)}`, d: 'M1 4H23' }),
  );
}
