import { IngestError } from './errors.js';
import { fileUrl } from './ffmpeg-tools.js';
import { type Redactor, redactor, redactUrl } from './redact.js';

/** What a video is read from: a path or a finite address. */
export interface VideoInput {
  /** The input as ffmpeg names it. */
  readonly input: string;
  /** ffmpeg and ffprobe options before it. */
  readonly options: readonly string[];
  /** How it is called in messages, without its password. */
  readonly name: string;
  /** Takes its secrets out of what ffmpeg says. */
  readonly redact: Redactor;
  readonly url: boolean;
}

export function fileInput(path: string): VideoInput {
  return { input: fileUrl(path), options: [], name: path, redact: (text) => text, url: false };
}

/** Protocols that an http(s) address, or a playlist behind it, may lead to: never a local file. */
export const HTTP_PROTOCOLS = 'http,https,httpproxy,tls,tcp,crypto,data';

export function httpInput(url: string): VideoInput {
  return {
    input: url,
    // A connection that breaks is taken up again where it broke, where the server can do that.
    options: ['-protocol_whitelist', HTTP_PROTOCOLS, '-reconnect', '1', '-reconnect_delay_max', '4'],
    name: redactUrl(url),
    redact: redactor(url),
    url: true,
  };
}

/** `SOURCE_UNSUPPORTED` for an address without an end, where every frame to its end was asked for. */
export function isLive(name: string): IngestError {
  return new IngestError(
    'SOURCE_UNSUPPORTED',
    `expected a source that has an end, got ${name}: use openLive`,
  );
}
