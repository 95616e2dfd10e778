import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClientMessage, ERROR_CODES } from '../../../src/stream/index.js';
import { Peer, type Serving, serve } from './serving.js';

let serving: Serving;
beforeAll(async () => {
  // Fuzzing is faster than people: what is tested is reading, not the rate limit.
  serving = await serve({ limits: { messagesPerSecond: 1e6 } });
});
afterAll(() => serving.stop());

/** Values that fields may have, wrong ones and dangerous ones among them. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    '*',
    'clip',
    'now',
    '__proto__',
    'constructor',
    '../..',
    '\u0000',
    '/etc/passwd',
    'file:///etc/passwd',
  ),
  fc.constantFrom(-1, 0, 1, 0.5, 1e308, -1e308, Number.MAX_SAFE_INTEGER, 2 ** 53),
  fc.array(fc.double({ noNaN: true }), { minLength: 4, maxLength: 4 }),
  fc.constantFrom([0, 0, 1, 1], [20, 136, 56, 28], [-50, -50, 60, 60], [0, 0, 1e300, 1e300]),
);
const fields = [
  'token',
  'stream',
  'streams',
  'target',
  'targets',
  'box',
  'units',
  'frame',
  'source',
  'to',
  'maxRate',
  'preview',
  'label',
];
const types = ClientMessage.options.map((option) => option.shape.type.value);
const almost = fc
  .tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 5 }))
  .map(([type, rest]) => ({ ...rest, type }));

it('answers each of 1000 messages that are almost commands, once, and stays up', async () => {
  const peer = await Peer.connect(serving.url);
  let id = 0;
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(almost, { minLength: 10, maxLength: 10 }), async (messages) => {
      const first = id;
      for (const message of messages) peer.socket.send(JSON.stringify({ ...message, id: id++ }));
      // A good one in between: a row of refused ones would end the connection.
      const last = id++;
      peer.socket.send(JSON.stringify({ type: 'ping', id: last }));
      await peer.next(({ type, re }) => type === 'reply' && re === last);
      const replies = peer.messages.filter(({ type }) => type === 'reply');
      expect(replies.map(({ re }) => re).sort((a, b) => a - b)).toEqual(
        Array.from({ length: last - first + 1 }, (_, k) => first + k),
      );
      for (const { ok, error } of replies) if (!ok) codes.add(error.code);
      peer.messages.length = 0;
    }),
    { numRuns: 100 },
  );
  for (const code of codes) expect(ERROR_CODES).toContain(code);
  expect(codes).not.toContain('INTERNAL');
  peer.close();
});

it('stays up whatever text or bytes come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }), fc.json()),
        {
          maxLength: 20,
        },
      ),
      async (texts) => {
        const peer = await Peer.connect(serving.url);
        const { length } = peer.messages;
        for (const text of texts) peer.socket.send(text);
        await peer.until(
          () =>
            peer.closed ||
            peer.messages.slice(length).filter(({ type }) => type === 'reply').length === texts.length,
        );
        peer.close();
      },
    ),
    { numRuns: 25 },
  );
  const peer = await Peer.connect(serving.url);
  expect(await peer.command({ type: 'ping' })).toMatchObject({ ok: true });
  peer.close();
});

it('stays up whatever comes under the WebSocket', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const peer = await Peer.connect(serving.url);
      // Straight into the connection: broken frames.
      (peer.socket as unknown as { _socket: { write(data: Uint8Array): void; end(): void } })._socket.write(
        bytes,
      );
      peer.close();
    }),
    { numRuns: 25 },
  );
  await expect.poll(() => serving.server.clients, { timeout: 20_000 }).toBe(0);
  expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
});
