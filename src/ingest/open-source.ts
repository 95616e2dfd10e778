import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from '../common/index.js';
import { IngestError } from './errors.js';
import { checkHardware } from './hardware.js';
import type { FrameSource, SourceOptions } from './source.js';
import { parseSource } from './source-form.js';
import { isStill } from './still-decoder.js';
import { listStills, openStills } from './stills-source.js';
import { fileInput, httpInput, isLive } from './video-input.js';
import { openVideo } from './video-source.js';

/**
 * Opens a video file, a folder of stills, a single picture (a source of one frame), or an http(s) address that has an
 * end: a file or a playlist of a recording. A camera or another live address is for `openLive`.
 *
 * A file that is cut yields every frame before the cut and then throws `DECODE_FAILED`, whose `frame` is the first that
 * is missing. MPEG program and transport streams and raw streams promise no length: there a cut is seen only where it
 * goes through a packet. Damage further inside is concealed by the decoder and told to `onWarning`.
 *
 * @param source path, any characters of which are taken literally, or an http(s) or file address
 * @throws {IngestError} with the code that says what is wrong, see {@link IngestErrorCode}
 * @throws {InvalidArgumentError} for options outside their bounds
 */
export async function openSource(source: string, options: SourceOptions = {}): Promise<FrameSource> {
  if (typeof source !== 'string' || source === '') throw new InvalidArgumentError('source', 'a path', source);
  checkOptions(options);
  options.signal?.throwIfAborted();
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return openAddress(source, options);
  const kind = await look(source, () => stat(source));
  if (kind.isDirectory()) {
    const paths = await look(source, () => listStills(source));
    if (paths.length === 0) {
      throw new IngestError('EMPTY_FOLDER', `expected a folder of pictures, got none in ${source}`);
    }
    return openStills(paths, source, options);
  }
  if (!kind.isFile()) {
    throw new IngestError('SOURCE_UNSUPPORTED', `expected a file or a folder, got a device: ${source}`);
  }
  return isStill(source) ? openStills([source], source, options) : openVideo(fileInput(source), options);
}

/** A finite address is read like a file. */
async function openAddress(source: string, options: SourceOptions): Promise<FrameSource> {
  const { form, shown } = parseSource(source);
  if (form === 'file') return openSource(fileURLToPath(source), options);
  if (form !== 'http') throw isLive(shown);
  return openVideo(httpInput(source), options);
}

async function look<T>(source: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new IngestError('SOURCE_NOT_FOUND', `expected a file or a folder, got nothing at ${source}`, {
        cause,
      });
    }
    throw new IngestError('SOURCE_UNREADABLE', `cannot read ${source}: ${code}`, { cause });
  }
}

function checkOptions(options: SourceOptions): void {
  for (const name of ['threads', 'readAhead', 'maxFrames'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new InvalidArgumentError(name, 'an integer of at least 1', value);
    }
  }
  for (const name of ['stallTimeout', 'killTimeout'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0)) throw new InvalidArgumentError(name, 'milliseconds', value);
  }
  checkHardware(options.hardware);
  const { start } = options;
  if (!start) return;
  if ('frame' in start) {
    if (!Number.isInteger(start.frame) || start.frame < 0) {
      throw new InvalidArgumentError('start.frame', 'an integer of at least 0', start.frame);
    }
  } else if (!Number.isFinite(start.seconds)) {
    throw new InvalidArgumentError('start.seconds', 'a number', start.seconds);
  }
}
