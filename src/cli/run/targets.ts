import { writeFile } from 'node:fs/promises';
import {
  type BatchInput,
  expandInputs,
  matchTargets,
  readTargetsFile,
  TARGET_COLUMNS,
} from '../../batch/index.js';
import { openSource } from '../../ingest/index.js';
import { ExitCode } from '../exit.js';
import type { TargetsCommandOptions } from '../targets.js';

interface Row {
  readonly name: string;
  readonly location: string;
  readonly targets: number;
  readonly width?: number;
  readonly height?: number;
  readonly frames?: number;
  /** Why it cannot be opened. */
  readonly problem?: string;
}

/** Tells which videos have targets and which lack them; or writes a template, or shows them to be drawn on. */
export async function checkTargets(
  names: readonly string[],
  { targets: file, template, draw, port, json }: TargetsCommandOptions,
): Promise<void> {
  const inputs = await expandInputs(names);
  const entries = file === undefined ? [] : await readTargetsFile(file);
  const { targets, unused } = matchTargets(inputs, entries, file ?? 'targets');
  const rows: Row[] = [];
  for (const input of inputs) rows.push(await describe(input, targets.get(input)?.length ?? 0));
  const missing = rows.filter((row) => row.targets === 0);
  if (draw) {
    const lacking = new Set(missing.map(({ name }) => name));
    const shown = inputs.filter(({ name, kind }) => lacking.has(name) && kind !== 'url');
    if (shown.length > 0) return (await import('./draw-targets.js')).drawTargets(shown, port);
  }
  for (const { video, line } of unused) process.stderr.write(`${file}:${line}: no input is ${video}\n`);
  if (template !== undefined) await writeTemplate(template, missing, file !== undefined && template === '-');
  else if (json)
    process.stdout.write(`${JSON.stringify({ videos: rows, missing: missing.length }, null, 2)}\n`);
  else process.stdout.write(table(rows, names));
  if (template === undefined && missing.length > 0) process.exitCode = ExitCode.failure;
}

async function describe({ name, location, kind }: BatchInput, count: number): Promise<Row> {
  const row = { name, location, targets: count };
  if (kind === 'url') return row;
  try {
    const source = await openSource(location);
    const { width, height, frameCount, frameRate, duration } = source.info;
    await source.close();
    const estimate = duration && frameRate ? Math.round(duration * frameRate) : undefined;
    return { ...row, width, height, frames: frameCount ?? estimate };
  } catch (error) {
    return { ...row, problem: (error as Error).message };
  }
}

/** @param goesOn whether the lines are to follow a header that is there already */
async function writeTemplate(file: string, missing: readonly Row[], goesOn: boolean): Promise<void> {
  const lines = missing.flatMap(({ location, width, height, frames }) => [
    `# ${width ?? '?'} x ${height ?? '?'} pixels, ${frames === undefined ? 'unknown' : `about ${frames}`} frames`,
    [quoted(location), '1', '', '0', '', '', '', '', 'pixels', 'no'].join(','),
  ]);
  const text = [...(goesOn ? [] : [TARGET_COLUMNS.join(',')]), ...lines].map((line) => `${line}\n`).join('');
  if (file === '-') process.stdout.write(text);
  else await writeFile(file, text, { flag: 'wx' });
}

function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function quoted(cell: string): string {
  return /[",\n#]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function table(rows: readonly Row[], names: readonly string[]): string {
  const cells = rows.map(({ name, targets, width, height, frames, problem }) => [
    name,
    targets === 0 ? 'MISSING' : String(targets),
    width === undefined ? '' : `${width}x${height}`,
    frames === undefined ? '' : String(frames),
    problem ?? '',
  ]);
  const all = [['video', 'targets', 'size', 'frames', 'problem'], ...cells];
  const widths = all[0].map((_, k) => Math.max(...all.map((row) => row[k].length)));
  const lines = all.map((row) =>
    row
      .map((cell, k) => cell.padEnd(widths[k]))
      .join('  ')
      .trimEnd(),
  );
  const missing = rows.filter(({ targets }) => targets === 0).length;
  const help =
    missing > 0 ? `to draw them: siamtrack targets ${names.map(shellWord).join(' ')} --draw\n` : '';
  return `${lines.join('\n')}\n${rows.length} videos, ${missing} without a target\n${help}`;
}
