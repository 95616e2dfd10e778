import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Opcode, textFrame, webSocketFrame } from '../../../src/stream/server/frame-bytes.js';
import { Outbox } from '../../../src/stream/server/outbox.js';

const PENDING = 20_000;

/** A socket nobody reads from until told to. */
function stuck() {
  const socket = new PassThrough({ highWaterMark: 0 });
  const state = { overflow: 0, missed: [] as string[] };
  const outbox = new Outbox(socket, {
    pendingBytes: PENDING,
    onMissed: (kind) => void state.missed.push(kind),
    onOverflow: () => state.overflow++,
  });
  return { socket, outbox, state };
}

const boxes = (n: number) => textFrame({ type: 'boxes', n, pad: 'x'.repeat(900) });

/** The JSON messages in a row of unmasked frames. */
function read(bytes: Buffer): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1];
    const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
    at += short < 126 ? 2 : 4;
    messages.push(JSON.parse(String(bytes.subarray(at, at + length))));
    at += length;
  }
  return messages;
}

it('bounds what waits for a reader that is stuck, keeps the newest, and says how many are missing', async () => {
  const { socket, outbox, state } = stuck();
  for (let n = 0; n < 1000; n++) {
    outbox.sendBoxes('a', boxes(n));
    outbox.sendBoxes('b', boxes(n));
    expect(outbox.pending).toBeLessThanOrEqual(PENDING);
  }
  outbox.send({ type: 'reply', re: 1 });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => void chunks.push(chunk));
  await expect
    .poll(() => read(Buffer.concat(chunks)).filter(({ type }) => type === 'missed'))
    .toHaveLength(2);
  outbox.sendBoxes('a', boxes(1000));
  await expect.poll(() => read(Buffer.concat(chunks)).at(-1)).toMatchObject({ n: 1000 });
  const got = read(Buffer.concat(chunks));
  const missed = state.missed.length;
  const numbers = got.filter(({ type }) => type === 'boxes').map(({ n }) => n as number);
  expect(numbers.filter((n) => n === 999)).toHaveLength(2);
  expect(got.filter(({ type }) => type === 'reply')).toEqual([{ type: 'reply', re: 1 }]);
  expect(numbers.length + missed).toBe(2001);
  const told = got.filter(({ type }) => type === 'missed');
  expect(told.map(({ stream, previews }) => [stream, previews]).sort()).toEqual([
    ['a', 0],
    ['b', 0],
  ]);
  expect(told.reduce((sum, { boxes }) => sum + (boxes as number), 0)).toBe(missed);
});

it('holds back boxes, not replies, while a client is known not to read', () => {
  const { socket, outbox } = stuck();
  outbox.held = true;
  outbox.sendBoxes('a', boxes(1));
  outbox.sendBoxes('a', boxes(2));
  expect(socket.writableLength).toBe(0);
  outbox.send({ type: 'reply', re: 1 });
  const reply = socket.writableLength + socket.readableLength;
  expect(reply).toBeGreaterThan(0);
  outbox.held = false;
  expect(socket.writableLength + socket.readableLength).toBeGreaterThan(reply + 900);
});

it('gives up on a client for which too much waits that must arrive', () => {
  const { outbox, state } = stuck();
  for (let k = 0; state.overflow === 0 && k < 10_000; k++) outbox.send({ type: 'reply', re: k });
  expect(state.overflow).toBe(1);
  expect(outbox.pending).toBeLessThanOrEqual(4 * PENDING + 100);
});

it('frames messages of every length as RFC 6455 says', () => {
  for (const [length, head] of [
    [0, '8200'],
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
  ] as const) {
    const frame = webSocketFrame(Opcode.binary, new Uint8Array(length));
    expect(frame.subarray(0, head.length / 2).toString('hex')).toBe(head);
    expect(frame.length).toBe(head.length / 2 + length);
  }
});
