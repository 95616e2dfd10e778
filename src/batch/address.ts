import { createHash } from 'node:crypto';
import { BatchError } from './errors.js';

/** What servers say that serve no HEAD, or whose signed addresses are good for GET alone. */
const NO_HEAD = new Set([400, 403, 405, 501]);

/**
 * Asks for an http(s) address. User and password in it become a header, as `fetch` takes no others.
 *
 * @throws {BatchError} `INPUT_CHANGED` where nobody answers; never with a secret in its message
 */
export async function request(
  location: string,
  { method = 'GET', range, signal }: { method?: 'GET' | 'HEAD'; range?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  const url = new URL(location);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const headers: Record<string, string> = range === undefined ? {} : { range };
  if (username || password) {
    const pair = `${decoded(username)}:${decoded(password)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  try {
    return await fetch(url, { method, headers, signal });
  } catch (error) {
    signal?.throwIfAborted();
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    throw new BatchError(
      'INPUT_CHANGED',
      `${hidden(location)}: expected a server that answers, got ${cause?.code ?? cause?.message ?? message}`,
    );
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A server's word for a file: length and validator. Where it gives none, the address itself has to do. */
export async function identifyAddress(
  location: string,
  signal?: AbortSignal,
): Promise<{ readonly size: number; readonly sha256: string }> {
  let answer = await request(location, { method: 'HEAD', signal });
  if (NO_HEAD.has(answer.status)) {
    answer = await request(location, { range: 'bytes=0-0', signal });
    await answer.body?.cancel();
  }
  if (!answer.ok)
    throw new BatchError(
      'INPUT_CHANGED',
      `${hidden(location)}: expected a video there, got HTTP ${answer.status}`,
    );
  const { headers } = answer;
  const whole = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? headers.get('content-length');
  const size = Number(whole ?? 0);
  const validator = headers.get('etag') ?? headers.get('last-modified') ?? '';
  const { origin, pathname } = new URL(location);
  const told = JSON.stringify([origin + pathname, size, validator]);
  return { size, sha256: createHash('sha256').update(told).digest('hex') };
}

/** An address without credentials and query, for messages. */
export function hidden(location: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location;
  const { protocol, host, pathname } = new URL(location);
  return `${protocol}//${host}${pathname}`;
}
