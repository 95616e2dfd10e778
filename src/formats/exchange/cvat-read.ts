import { SaxesParser } from 'saxes';
import { ResultFileError } from './error.js';
import { type BoxRecord, boxRecord, type RecordFile } from './records.js';
import { readChunks } from './text-lines.js';

type Attributes = Readonly<Record<string, string>>;

/**
 * Reads CVAT for video 1.1. Boxes are taken as they are, none are made between keyframes: CVAT's own export lists every frame.
 * `outside` makes a target lost, or absent where the box has no score; `occluded` makes it uncertain. The score is 1 where there is
 * none; the id is the `target` attribute, else the track's number.
 *
 * @throws {ResultFileError} naming the line
 */
export function readCvat(file: string): RecordFile {
  const reader = new CvatReader(file);
  return { boxes: reader.boxes(), frameCount: () => reader.frameCount, size: () => reader.size };
}

class CvatReader {
  frameCount = 0;
  readonly #file: string;
  readonly #parser = new SaxesParser<{ position: true; xmlns: false }>({ position: true, xmlns: false });
  readonly #path: string[] = [];
  #found: BoxRecord[] = [];
  #width = 0;
  #height = 0;
  #track: { readonly id: string; readonly label: string } | null = null;
  #box: Attributes | null = null;
  #boxLine = 0;
  #values = new Map<string, string>();
  #attribute = '';
  #text = '';

  constructor(file: string) {
    this.#file = file;
    this.#parser.on('error', (error) => {
      throw this.#error(this.#parser.line, 'well-formed XML', error.message.replace(/^\d+:\d+: /, ''));
    });
    this.#parser.on('opentag', ({ name, attributes }) => this.#open(name, attributes));
    this.#parser.on('text', (text) => {
      this.#text += text;
    });
    this.#parser.on('closetag', ({ name }) => this.#close(name));
  }

  get size() {
    return this.#width > 0 && this.#height > 0 ? { width: this.#width, height: this.#height } : undefined;
  }

  async *boxes(): AsyncGenerator<BoxRecord> {
    for await (const chunk of readChunks(this.#file)) {
      this.#parser.write(chunk);
      yield* this.#found;
      this.#found = [];
    }
    this.#parser.close();
  }

  #open(name: string, attributes: Attributes): void {
    const line = this.#parser.line;
    if (this.#path.length === 0 && name !== 'annotations') {
      throw this.#error(line, '<annotations>', `<${name}>`);
    }
    this.#path.push(name);
    this.#text = '';
    if (this.#path.length === 2 && name === 'image') {
      throw this.#error(line, 'CVAT for video', 'CVAT for images');
    }
    if (this.#path.length === 2 && name === 'track') {
      this.#track = { id: attributes.id ?? '', label: attributes.label ?? '' };
    } else if (this.#track && this.#path.length === 3) {
      if (name !== 'box') throw this.#error(line, '<box>, for targets are boxes', `<${name}>`);
      if (Number(attributes.rotation ?? 0) !== 0) {
        throw this.#error(line, 'an upright box', `rotation ${attributes.rotation}`);
      }
      this.#box = attributes;
      this.#boxLine = line;
      this.#values = new Map();
    } else if (this.#box && name === 'attribute') {
      this.#attribute = attributes.name ?? '';
    }
  }

  #close(name: string): void {
    const path = this.#path.join('/');
    this.#path.pop();
    if (path === 'annotations/track') this.#track = null;
    else if (path === 'annotations/track/box') this.#finishBox();
    else if (this.#box && name === 'attribute') this.#values.set(this.#attribute, this.#text);
    else if (path === 'annotations/meta/task/size') this.frameCount = this.#whole('size');
    else if (path === 'annotations/meta/task/original_size/width') this.#width = this.#whole('width');
    else if (path === 'annotations/meta/task/original_size/height') this.#height = this.#whole('height');
    this.#text = '';
  }

  #finishBox(): void {
    const { frame, outside, occluded, ...rest } = this.#box!;
    this.#box = null;
    const score = this.#values.get('score')?.trim();
    if (outside === '1' && !score) return;
    const [x1, y1, x2, y2] = ['xtl', 'ytl', 'xbr', 'ybr'].map((key) => this.#number(key, rest[key]));
    const { id, label } = this.#track!;
    const target = this.#values.get('target') || id;
    const state = outside === '1' ? 'lost' : occluded === '1' ? 'uncertain' : 'tracking';
    const box = [x1, y1, x2 - x1, y2 - y1] as const;
    const known = label === 'object' || label === '' ? undefined : label;
    const told = { label: known, score: score ? this.#number('score', score) : 1, state } as const;
    const where = `${this.#file}:${this.#boxLine}`;
    this.#found.push(boxRecord(where, this.#number('frame', frame), target, box, told));
  }

  #number(name: string, text: string | undefined): number {
    const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value)) throw this.#error(this.#boxLine, `a number as ${name}`, text ?? 'none');
    return value;
  }

  #whole(name: string): number {
    const value = Number(this.#text);
    if (!Number.isInteger(value) || value < 0 || value > 1e9) {
      throw this.#error(this.#parser.line, `a whole number as ${name}`, JSON.stringify(this.#text));
    }
    return value;
  }

  #error(line: number, expected: string, got: string): ResultFileError {
    return new ResultFileError(`${this.#file}:${line}`, expected, got);
  }
}
