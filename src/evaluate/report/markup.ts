/** Markup that is safe to put into a page as it is; strings are not, and get escaped. */
export interface Markup {
  readonly markup: string;
}

/** What an element may hold; nothing is made of `null` and `false`. */
export type Child = Markup | string | number | null | false | readonly Child[];

/** Attributes by name; those that are `null`, `undefined` or `false` are left out, `true` stands for an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Elements of HTML that have no end. */
const VOID = new Set(['meta', 'link', 'br', 'hr', 'img', 'input', 'col']);

/** An element of HTML or SVG, well-formed as XML too. Numbers carry up to 2 decimals. */
export function tag(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const words = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === null || value === undefined || value === false) return [];
    return [
      ` ${key}="${value === true ? '' : escapeText(typeof value === 'number' ? short(value) : value)}"`,
    ];
  });
  const start = `<${name}${words.join('')}`;
  return { markup: VOID.has(name) ? `${start} />` : `${start}>${render(children)}</${name}>` };
}

/** Text that is markup already, say a style sheet. */
export function raw(markup: string): Markup {
  return { markup };
}

/** Markup as text. */
export function render(child: Child): string {
  if (child === null || child === false) return '';
  if (typeof child === 'string') return escapeText(child);
  if (typeof child === 'number') return short(child);
  return 'markup' in child ? child.markup : child.map(render).join('');
}

/** A number with up to 2 decimals, for coordinates. */
export function short(value: number): string {
  return String(Number(value.toFixed(2)) + 0);
}

// Control characters that neither HTML nor XML may hold.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
}
