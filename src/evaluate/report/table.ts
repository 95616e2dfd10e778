import { type Child, type Markup, tag } from './markup.js';

/** A cell that is sorted by another value than it shows. */
export interface Cell {
  readonly content: Child;
  /** `NaN` goes to the end. */
  readonly value: number;
  readonly best?: boolean;
}

/** A column's heading, with a word of explanation. */
export interface Heading {
  readonly name: string;
  readonly hint?: string;
  /** Whether the name may take several lines. Default `false`. */
  readonly wraps?: boolean;
}

export interface TableOptions {
  /** Whether readers may sort it by a click on a heading. Default `false`. */
  readonly sortable?: boolean;
  /** A last row that stays where it is. */
  readonly foot?: readonly (Cell | string)[];
}

/** A table whose first column names the rows. */
export function dataTable(
  caption: string,
  headings: readonly (Heading | string)[],
  rows: readonly (readonly (Cell | Markup | string)[])[],
  { sortable = false, foot }: TableOptions = {},
): Markup {
  const head = headings.map((heading) => {
    const { name, hint, wraps }: Heading =
      typeof heading === 'string' ? { name: heading, wraps: true } : heading;
    return tag('th', { scope: 'col', class: wraps ? 'wraps' : null, title: hint }, name);
  });
  return tag(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    tag(
      'table',
      { class: sortable ? 'sortable' : null },
      tag('caption', {}, caption),
      tag('thead', {}, tag('tr', {}, head)),
      tag('tbody', {}, rows.map(row)),
      foot ? tag('tfoot', {}, row(foot)) : null,
    ),
  );
}

function row(cells: readonly (Cell | Markup | string)[]): Markup {
  return tag(
    'tr',
    {},
    cells.map((cell, k) => {
      if (k === 0) return tag('th', { scope: 'row' }, contentOf(cell));
      const value = typeof cell === 'object' && 'value' in cell ? cell.value : null;
      const best = typeof cell === 'object' && 'best' in cell && cell.best;
      const content = contentOf(cell);
      return tag(
        'td',
        { 'data-value': value === null || Number.isNaN(value) ? null : String(value) },
        best ? tag('strong', {}, content) : content,
      );
    }),
  );
}

function contentOf(cell: Cell | Markup | string): Child {
  return typeof cell === 'object' && 'content' in cell ? cell.content : cell;
}
