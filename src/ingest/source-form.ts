import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from '../common/index.js';
import { IngestError } from './errors.js';
import { fileUrl } from './ffmpeg-tools.js';
import { redactUrl } from './redact.js';

/** The kinds of source there are, by what carries the pictures. */
export type SourceForm =
  | 'file'
  | 'http'
  | 'rtsp'
  | 'rtmp'
  | 'srt'
  | 'udp'
  | 'tcp'
  | 'v4l2'
  | 'avfoundation'
  | 'dshow'
  | 'lavfi';

/** A source as it was written, understood. */
export interface SourceAddress {
  readonly form: SourceForm;
  /** The input as ffmpeg names it. */
  readonly input: string;
  /** The address without its password. */
  readonly shown: string;
  /** Whether it reaches over a network. */
  readonly network: boolean;
}

const SCHEMES: Readonly<Record<string, SourceForm>> = {
  http: 'http',
  https: 'http',
  rtsp: 'rtsp',
  rtsps: 'rtsp',
  rtmp: 'rtmp',
  rtmps: 'rtmp',
  rtmpt: 'rtmp',
  rtmpts: 'rtmp',
  rtmpe: 'rtmp',
  srt: 'srt',
  udp: 'udp',
  rtp: 'udp',
  tcp: 'tcp',
};
const DEVICE = /^(v4l2|avfoundation|dshow|lavfi):(.+)$/s;
const URL_SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;

/**
 * Understands an address: a `scheme://` address, a webcam (`/dev/video0`, `v4l2:PATH`, `avfoundation:0`,
 * `dshow:video=NAME`), a generated picture (`lavfi:GRAPH`), `file:PATH`, or else a path.
 *
 * @throws {IngestError} `SOURCE_UNSUPPORTED` for a scheme that is none of these
 */
export function parseSource(source: string): SourceAddress {
  if (typeof source !== 'string' || source === '') {
    throw new InvalidArgumentError('source', 'a path or an address', source);
  }
  if (source.includes('\0')) throw new InvalidArgumentError('source', 'no NUL characters', redactUrl(source));
  const scheme = URL_SCHEME.exec(source)?.[1].toLowerCase();
  if (scheme === 'file') return local(fileURLToPath(source));
  if (scheme) {
    const form = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
    if (!form) {
      throw new IngestError(
        'SOURCE_UNSUPPORTED',
        `expected one of ${Object.keys(SCHEMES).join(', ')} or a path, got a ${scheme} address`,
      );
    }
    return { form, input: source, shown: redactUrl(source), network: true };
  }
  const device = DEVICE.exec(source);
  if (device) return { form: device[1] as SourceForm, input: device[2], shown: source, network: false };
  if (/^\/dev\/(video\d+$|v4l\/)/.test(source)) {
    return { form: 'v4l2', input: source, shown: source, network: false };
  }
  return local(source.startsWith('file:') ? source.slice(5) : source);
}

function local(path: string): SourceAddress {
  return { form: 'file', input: fileUrl(path), shown: path, network: false };
}
