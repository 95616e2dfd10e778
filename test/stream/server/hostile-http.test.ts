import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/stream/index.js';
import { type Serving, serve } from './serving.js';

let serving: Serving;
let port: number;
beforeAll(async () => {
  serving = await serve();
  port = Number(new URL(serving.url).port);
});
afterAll(() => serving.stop());

/** Sends bytes as they are, ends that side, and gives what comes back until the server ends the other. */
function exchange(bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
      // A connection that stays open has answered.
      if (/^HTTP\/1\.1 101 /.test(answer)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.end(bytes);
  });
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body?: string;
}

function text({ method, path, headers, body }: Request): string {
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...length, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

async function answerTo(request: Request): Promise<{ status: number; body: string }> {
  const answer = (await exchange(text(request))).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  // What is sent after a body that is not read is taken for a further request, and answered too.
  const start = answer.indexOf('\r\n\r\n') + 4;
  const [, length = '0'] = /^content-length: (\d+)/im.exec(answer.slice(0, start)) ?? [];
  return { status: Number(status), body: answer.slice(start, start + Number(length)) };
}

const CODES = new RegExp(`^(${[...ERROR_CODES, 'NOT_FOUND'].join('|')})$`);
const UPGRADE = ['Upgrade: websocket', 'Connection: Upgrade'];
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const VERSION = 'Sec-WebSocket-Version: 13';

const segment = fc.oneof(
  fc.constantFrom('api', 'streams', 'clip', 'targets', '1', 'pause', 'resume', 'seek', 'ws', 'metrics', ''),
  fc.constantFrom(
    '..',
    '.',
    '%2e%2e',
    '%',
    '%zz',
    '%00',
    '%ff%fe',
    '__proto__',
    'constructor',
    '*',
    '[',
    '@',
    ':',
  ),
  fc.constantFrom(
    '?token=',
    '?',
    '#',
    ';',
    '\\..\\',
    'a'.repeat(300),
    '~root',
    'etc',
    'passwd',
    '%2fetc%2fpasswd',
  ),
);
const path = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...['/', '/ws', '/healthz', '/metrics', '/api/openapi.json', '/api/streams', '/api/streams/clip'],
      ...['targets', 'targets/1', 'pause', 'resume', 'seek'].map((what) => `/api/streams/clip/${what}`),
    ),
  },
  { weight: 6, arbitrary: fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.join('/')}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('//', '//[', '///', '*', 'http://[', 'http://other/ws', 'other:80', '/ws//'),
  },
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.json(),
  fc.constantFrom('', '{', '[]', 'null', '"x"', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}'),
  fc
    .dictionary(
      fc.constantFrom('box', 'units', 'frame', 'target', 'label', 'stream', 'source', 'to'),
      fc.jsonValue({ maxDepth: 2 }),
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom(70_000, 200_000).map((length) => JSON.stringify({ label: 'x'.repeat(length) })),
);
const header = fc.constantFrom(
  'Content-Type: application/json',
  'Content-Type: text/plain',
  'Content-Type: multipart/form-data; boundary=',
  'Content-Type: application/json; charset=\x80',
  'Transfer-Encoding: gzip',
  'Authorization: Bearer ',
  'Authorization: Bearer wrong',
  'Authorization: Basic eDp5',
  'Origin: http://[',
  'Origin: null',
  'Origin: http://other.example',
  'Range: bytes=0-',
  'Accept-Version: 99',
  `X-Long: ${'y'.repeat(9000)}`,
  `X-Longer: ${'y'.repeat(20_000)}`,
  'Cookie: a=b',
  'Expect: 100-continue',
  'Expect: nothing',
);
const upgrade = fc.constantFrom<readonly string[]>(
  [],
  [],
  UPGRADE,
  [...UPGRADE, KEY],
  [...UPGRADE, VERSION],
  [...UPGRADE, KEY, VERSION],
  [...UPGRADE, 'Sec-WebSocket-Key: short', VERSION],
  [...UPGRADE, KEY, 'Sec-WebSocket-Version: 7'],
  [...UPGRADE, KEY, VERSION, 'Sec-WebSocket-Protocol: ,, ,'],
  [...UPGRADE, KEY, VERSION, 'Sec-WebSocket-Protocol: other'],
  [...UPGRADE, KEY, VERSION, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=999'],
  [...UPGRADE, KEY, VERSION, 'Sec-WebSocket-Extensions: ;;=,'],
  ['Upgrade: h2c', 'Connection: Upgrade'],
);
const request: fc.Arbitrary<Request> = fc
  .record({
    method: fc.constantFrom(
      'GET',
      'POST',
      'GET',
      'POST',
      'DELETE',
      'PUT',
      'PATCH',
      'HEAD',
      'OPTIONS',
      'TRACE',
      'CONNECT',
      'BREW',
    ),
    path,
    body,
    plain: fc.oneof(
      fc.constant([]),
      fc.constant(['Content-Type: application/json']),
      fc.uniqueArray(header, { maxLength: 3 }),
    ),
    upgrade,
  })
  .map(({ plain, upgrade, ...rest }) => ({ ...rest, headers: [...plain, ...upgrade] }));

describe('whatever is asked over HTTP', () => {
  it('is answered, 1000 times, and never by a failure', async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 20, maxLength: 20 }), async (requests) => {
        const answers = await Promise.all(requests.map(answerTo));
        for (const [k, { status, body }] of answers.entries()) {
          statuses.add(status);
          const { method, headers } = requests[k];
          // Who asks for a tunnel is hung up on.
          if (method === 'CONNECT') continue;
          const what = `${text(requests[k]).slice(0, 500)} -> ${status} ${body.slice(0, 300)}`;
          expect(status, what).toBeGreaterThan(100);
          expect(status, what).toBeLessThan(500);
          const upgraded = headers.some((line) => line.startsWith('Upgrade'));
          // 417 is Node's own.
          if (status < 400 || body === '' || upgraded || status === 417) continue;
          expect(JSON.parse(body), what).toEqual({
            error: { code: expect.stringMatching(CODES), message: expect.any(String) },
          });
        }
      }),
      { numRuns: 50, endOnFailure: true },
    );
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 403, 404]));
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
  });

  it('is refused where a WebSocket is wanted at what is no address', async () => {
    for (const path of ['//', '//[', '*', 'http://[', '/other'])
      expect(
        await answerTo({ method: 'GET', path, headers: [...UPGRADE, KEY, VERSION] }),
        path,
      ).toMatchObject({
        status: 404,
      });
    expect(await answerTo({ method: 'GET', path: '/ws', headers: [...UPGRADE, KEY, VERSION] })).toMatchObject(
      {
        status: 101,
      },
    );
  });

  it('is hung up on beyond the connections that there may be', async () => {
    const small = await serve({ limits: { clients: 1 } });
    const closed: Socket[] = [];
    const sockets = Array.from({ length: 300 }, () => {
      const socket = connect(Number(new URL(small.url).port), '127.0.0.1');
      return socket.on('error', () => undefined).on('close', () => closed.push(socket));
    });
    await expect.poll(() => closed.length, { timeout: 20_000 }).toBe(300 - 257);
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(
        () =>
          fetch(`${small.url}/healthz`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    await small.stop();
  });

  it('may be bytes that are no request', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 20, maxLength: 20 }),
        async (all) => {
          for (const answer of await Promise.all(all.map(exchange)))
            if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
  });
});
