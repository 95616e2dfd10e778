import { createReadStream, createWriteStream, open, rmSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { InvalidArgumentError } from '../../common/index.js';
import {
  formatOfName,
  isFolderFormat,
  type ResultSource,
  readResults,
  writeResults,
} from '../../formats/exchange/index.js';
import { type BoxMessage, READABLE_FORMATS, RESULT_FORMATS, type ResultFormat } from '../../formats/index.js';
import type { ConvertOptions } from '../convert.js';
import { INTERRUPTED } from './interrupts.js';
import { createProgress } from './progress.js';

/** Decoding is loaded for those who name a video. */
const onVideos = () => import('./convert-video.js');

/** Reads results, completes them with what is said of their video, and writes them. */
export async function convert(input: string, options: ConvertOptions): Promise<void> {
  const to = chosen('--to', [...RESULT_FORMATS, 'video'] as const, options.to);
  const from = sourceFormat(input, options.from);
  if (options.out === '-' && (to === 'video' || isFolderFormat(to))) {
    throw new InvalidArgumentError('--out', `a name, for ${to} cannot go to stdout`, '-');
  }
  if (to === 'video' && options.video === undefined) {
    throw new InvalidArgumentError('--video', 'the video to draw on', 'none');
  }
  const scratch = await mkdtemp(join(tmpdir(), 'siamtrack-convert-'));
  // A reader of stdout that has seen enough ends the process at once, and so does an interrupt: neither leaves anything behind.
  const removeAtExit = () => rmSync(scratch, { recursive: true, force: true });
  const interrupt = () => process.exit(INTERRUPTED);
  process.once('exit', removeAtExit).once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const given = await rereadable(input, join(scratch, 'input'));
    const own = ownFacts(input, options);
    const facts =
      options.video === undefined ? own : await (await onVideos()).addVideoFacts(own, options.video, options);
    const record = await canonicalRecord(given, from, facts, options, scratch);
    const named = { ...facts, name: facts.name === '' ? await streamName(record) : facts.name };
    await write(record, to, named, options, scratch);
  } catch (error) {
    throw inTermsOfOptions(error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    process.off('exit', removeAtExit).off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function write(
  record: () => AsyncIterable<BoxMessage>,
  to: ResultFormat | 'video',
  source: ResultSource,
  { out, video, fps, startTime }: ConvertOptions,
  scratch: string,
): Promise<void> {
  const progress = createProgress('converting', source.frameCount);
  const counted = async function* () {
    for await (const message of record()) {
      progress.update(message.frame + 1);
      yield message;
    }
  };
  try {
    if (to === 'video') return await (await onVideos()).drawVideo(counted(), video!, out, { fps });
    if (out !== '-') return void (await writeResults(to, counted, source, out, { startTime }));
    const file = join(scratch, 'out');
    await writeResults(to, counted, source, file, { startTime });
    progress.stop();
    await pipeline(createReadStream(file), process.stdout, { end: false });
  } finally {
    progress.stop();
  }
}

/** The input as JSON lines, which can be read several times; another format is turned into them once. */
async function canonicalRecord(
  input: string,
  from: ResultFormat,
  source: ResultSource,
  { video, fps }: ConvertOptions,
  scratch: string,
): Promise<() => AsyncIterable<BoxMessage>> {
  if (from === 'jsonl') return () => readResults('jsonl', input);
  const record = join(scratch, 'record.jsonl');
  const frames = video === undefined ? undefined : (await onVideos()).videoFrames(video, { fps });
  const messages = readResults(from, input, source, { frames });
  await writeResults('jsonl', () => messages, source, record);
  return () => readResults('jsonl', record);
}

function ownFacts(input: string, { fps, size }: ConvertOptions): ResultSource {
  // JSON lines name their source themselves.
  const format = formatOfName(input);
  const name = format === undefined || format === 'jsonl' ? '' : basename(input).replace(/\..*$/, '');
  return {
    name,
    ...(fps === undefined ? {} : { frameRate: fps }),
    ...(size === undefined ? {} : { width: size[0], height: size[1] }),
  };
}

async function streamName(record: () => AsyncIterable<BoxMessage>): Promise<string> {
  for await (const { stream } of record()) return basename(stream);
  return 'video';
}

function sourceFormat(input: string, from: string | undefined): ResultFormat {
  if (from !== undefined) {
    const format = chosen('--from', READABLE_FORMATS, from);
    if (input === '-' && isFolderFormat(format)) {
      throw new InvalidArgumentError('input', `a folder, for ${format} is one`, '-');
    }
    return format;
  }
  if (input === '-') return 'jsonl';
  const format = formatOfName(input);
  if (format === undefined) {
    const expected = `one of ${READABLE_FORMATS.join(', ')}, for the name of the input tells none`;
    throw new InvalidArgumentError('--from', expected, basename(input));
  }
  return chosen('--from', READABLE_FORMATS, format);
}

function chosen<T extends string>(option: string, names: readonly T[], name: string): T {
  const found = names.find((other) => other === name);
  if (found === undefined) throw new InvalidArgumentError(option, `one of ${names.join(', ')}`, name);
  return found;
}

/** The input, copied first where it can be read only once: stdin, a pipe. */
async function rereadable(input: string, copy: string): Promise<string> {
  const kind = input === '-' ? null : await stat(input).catch(() => null);
  if (input !== '-' && (!kind || kind.isFile() || kind.isDirectory())) return input;
  const from = kind?.isFIFO() ? await pipeOf(input) : kind ? createReadStream(input) : process.stdin;
  await pipeline(from, createWriteStream(copy));
  return copy;
}

/** A pipe that has a name. Read as a file, it would keep an interrupted process from ending until its other end is closed. */
async function pipeOf(path: string): Promise<Readable> {
  return new Socket({ fd: await promisify(open)(path, 'r'), readable: true, writable: false });
}

/** Facts that are missing are asked for as this command names them. */
function inTermsOfOptions(error: unknown): unknown {
  if (!(error instanceof InvalidArgumentError)) return error;
  if (error.message.startsWith('frameRate:')) {
    return new InvalidArgumentError(
      '--fps',
      'frames per second or --video, for the input tells neither',
      'none',
    );
  }
  if (error.message.startsWith('width:')) {
    return new InvalidArgumentError(
      '--size',
      'the frame size or --video, for the input tells neither',
      'none',
    );
  }
  return error;
}
