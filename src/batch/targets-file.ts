import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type CsvError, parse } from 'csv-parse/sync';
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { BatchError } from './errors.js';
import { type BatchTarget, WrittenTarget } from './target.js';

/** One target of a targets file. */
export interface TargetEntry {
  /** The video as the file names it: a path or the end of one, or `*` for every video. */
  readonly video: string;
  readonly target: BatchTarget;
  /** 1-based line of the file. */
  readonly line: number;
}

/** The columns of a CSV file; `video` and the four of the box are needed. */
export const TARGET_COLUMNS = [
  'video',
  'id',
  'label',
  'start',
  'x',
  'y',
  'width',
  'height',
  'units',
  'backwards',
] as const;

const SHOWN = 20;

/** What is wrong with a file, line by line. */
class Problems {
  readonly #list: { readonly line: number; readonly text: string }[] = [];

  add(line: number, text: string): void {
    this.#list.push({ line, text });
  }

  throwIfAny(file: string): void {
    if (this.#list.length === 0) return;
    const lines = this.#list
      .sort((a, b) => a.line - b.line)
      .map(({ line, text }) => `${file}:${line}: ${text}`);
    const more = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : [];
    throw new BatchError('TARGETS_INVALID', [...lines.slice(0, SHOWN), ...more].join('\n'));
  }
}

/**
 * Reads a targets file: `.csv` with a header line, else YAML, of which JSON is a part: a map of videos to lists of targets.
 *
 * @throws {BatchError} `TARGETS_INVALID`, naming every line that is wrong
 */
export async function readTargetsFile(file: string): Promise<TargetEntry[]> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new BatchError('TARGETS_INVALID', `${file}: expected a readable targets file`, { cause });
  }
  return parseTargets(text, file);
}

/** See {@link readTargetsFile}. @param file its name, which says whether it is CSV */
export function parseTargets(text: string, file: string): TargetEntry[] {
  const problems = new Problems();
  const entries = extname(file).toLowerCase() === '.csv' ? fromCsv(text, problems) : fromYaml(text, problems);
  const seen = new Map<string, number>();
  for (const { video, target, line } of entries) {
    const name = JSON.stringify([video, target.id]);
    const before = seen.get(name);
    if (before !== undefined)
      problems.add(
        line,
        `id: expected one that no other target of ${video} has, got ${target.id} of line ${before}`,
      );
    seen.set(name, line);
  }
  problems.throwIfAny(file);
  return entries;
}

function fromCsv(text: string, problems: Problems): TargetEntry[] {
  const rows = csvRows(text, problems);
  const header = rows[0];
  if (!header) {
    problems.add(1, `expected a header line: ${TARGET_COLUMNS.join(',')}`);
    return [];
  }
  const names = header.cells.map((cell) => cell.trim().toLowerCase());
  for (const name of names)
    if (!TARGET_COLUMNS.some((column) => column === name))
      problems.add(
        header.line,
        `expected columns of ${TARGET_COLUMNS.join(', ')}, got ${JSON.stringify(name)}`,
      );
  const missing = ['video', 'x', 'y', 'width', 'height'].filter((name) => !names.includes(name));
  if (missing.length > 0) problems.add(header.line, `expected the columns ${missing.join(', ')} too`);
  if (missing.length > 0) return [];
  return rows.slice(1).flatMap(({ cells, line }) => {
    const cell = (name: (typeof TARGET_COLUMNS)[number]) => cells[names.indexOf(name)]?.trim() || undefined;
    const video = cell('video');
    if (cells.length !== names.length)
      problems.add(line, `expected ${names.length} columns, got ${cells.length}`);
    else if (video === undefined) problems.add(line, 'video: expected a path, got nothing');
    else {
      const written = {
        id: cell('id'),
        label: cell('label'),
        start: cell('start'),
        box: [
          csvNumber(cell('x')),
          csvNumber(cell('y')),
          csvNumber(cell('width')),
          csvNumber(cell('height')),
        ],
        units: cell('units'),
        backwards: csvFlag(cell('backwards')),
      };
      const parsed = WrittenTarget.safeParse(written);
      if (parsed.success) return [{ video, target: parsed.data, line }];
      for (const { path, message } of parsed.error.issues) {
        const name =
          path[0] === 'box' && path[1] !== undefined
            ? ['x', 'y', 'width', 'height'][Number(path[1])]
            : path[0];
        const got = cell(name as (typeof TARGET_COLUMNS)[number]) ?? 'nothing';
        problems.add(line, `${String(name)}: ${withGot(message, got)}`);
      }
    }
    return [];
  });
}

interface CsvRow {
  readonly cells: readonly string[];
  readonly line: number;
}

function csvRows(text: string, problems: Problems): CsvRow[] {
  const rows: CsvRow[] = [];
  try {
    parse(text, {
      relax_column_count: true,
      skip_empty_lines: true,
      comment: '#',
      comment_no_infix: true,
      on_record: (cells: string[], { lines }) => {
        rows.push({ cells, line: lines });
        return null;
      },
    });
    return rows;
  } catch (error) {
    const { lines, message } = error as CsvError & { lines?: number };
    problems.add(lines ?? 1, message);
    return [{ cells: [...TARGET_COLUMNS], line: 1 }];
  }
}

function csvNumber(text: string | undefined): number | string | undefined {
  return text === undefined || Number.isNaN(Number(text)) ? text : Number(text);
}

function csvFlag(text: string | undefined): boolean | string | undefined {
  if (text === undefined) return undefined;
  if (/^(true|yes|1)$/i.test(text)) return true;
  return /^(false|no|0)$/i.test(text) ? false : text;
}

function fromYaml(text: string, problems: Problems): TargetEntry[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineOf = (node: unknown) => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
  for (const { message, pos } of document.errors)
    problems.add(
      lines.linePos(pos[0]).line,
      message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, ''),
    );
  if (document.errors.length > 0) return [];
  if (!isMap(document.contents)) {
    problems.add(1, 'expected a map of videos to lists of targets');
    return [];
  }
  return document.contents.items.flatMap(({ key, value }) => {
    const video = String((key as { value?: unknown }).value ?? key);
    if (!isSeq(value) || value.items.length === 0) {
      problems.add(lineOf(value ?? key), `${video}: expected a list of targets`);
      return [];
    }
    return value.items.flatMap((item) => {
      const written: unknown = (item as Node).toJS(document);
      const parsed = WrittenTarget.safeParse(written);
      if (parsed.success) return [{ video, target: parsed.data, line: lineOf(item) }];
      for (const issue of parsed.error.issues) {
        const { node, got } = descend(item as Node, written, issue.path);
        const text = withGot(issue.message, got === undefined ? 'nothing' : JSON.stringify(got));
        problems.add(lineOf(node), `${issue.path.join('.') || 'target'}: ${text}`);
      }
      return [];
    });
  });
}

/** The deepest node on a path, and the value at its end. */
function descend(item: Node, written: unknown, path: z.core.$ZodIssue['path']): { node: Node; got: unknown } {
  let node = item;
  let got = written;
  for (const step of path) {
    got = (got as Record<PropertyKey, unknown> | null | undefined)?.[step];
    const inner = isMap(node) || isSeq(node) ? node.get(step, true) : undefined;
    if (inner) node = inner as Node;
  }
  return { node, got };
}

function withGot(message: string, got: string): string {
  const text = message.replace(/^Invalid (input|option): /, '').replace(/, (received|got) .*$/, '');
  return /expected/i.test(text) ? `${text}, got ${got.length > 80 ? `${got.slice(0, 77)}...` : got}` : text;
}
