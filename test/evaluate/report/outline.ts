import { SaxesParser } from 'saxes';

/** One element of a page. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/**
 * Parses a page as XML, which is stricter than HTML, after taking out what is no markup: the document type, styles and scripts.
 *
 * @throws where it is not well-formed
 */
export function parsePage(html: string): Element {
  const parser = new SaxesParser();
  const root: Element = { name: '#root', attributes: {}, children: [], text: '' };
  const open = [root];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = {
      name,
      attributes: attributes as Record<string, string>,
      children: [],
      text: '',
    };
    open[open.length - 1].children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    for (const element of open) element.text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  const markup = html
    .replace(/^<!doctype html>/, '')
    .replace(/(<(style|script)\b[^>]*>)[\s\S]*?<\/\2>/g, '$1</$2>');
  parser.write(markup).close();
  return root.children[0];
}

/** All elements of a name, in order. */
export function all(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);
}

/** What a reader would tell of a page's structure, a line each, indented by depth. */
export function outline(element: Element, depth = 0): string[] {
  const line = lineOf(element);
  const inner = element.children.flatMap((child) => outline(child, line === null ? depth : depth + 1));
  return line === null ? inner : [`${'  '.repeat(depth)}${line}`, ...inner];
}

function lineOf({ name, attributes, text, children }: Element): string | null {
  const { id } = attributes;
  switch (name) {
    case 'header':
    case 'main':
    case 'nav':
    case 'figure':
      return name;
    case 'section':
    case 'details':
      return id ? `${name} #${id}` : null;
    case 'h1':
    case 'h2':
    case 'h3':
    case 'caption':
    case 'summary':
      return `${name} ${text.trim()}`;
    case 'svg':
      if (!children.some((child) => child.name === 'title')) return null;
      return `svg ${all({ name, attributes, text, children }, 'title')[0].text}`;
    case 'thead':
      return `columns ${all({ name, attributes, text, children }, 'th')
        .map((th) => th.text)
        .join(' | ')}`;
    default:
      return null;
  }
}
