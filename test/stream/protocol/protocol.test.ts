import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ClientMessage,
  decodePreview,
  encodePreview,
  PreviewHeader,
  protocolSchema,
  ServerMessage,
} from '../../../src/stream/protocol/index.js';

const golden = (name: string) => new URL(`golden/${name}`, import.meta.url);
const lines = (name: string) => readFileSync(golden(name), 'utf8').trimEnd().split('\n');

const header: PreviewHeader = {
  type: 'preview',
  stream: 'door',
  frame: 1221,
  pts: 48.84,
  time: 1700000048840,
  size: { width: 1920, height: 1080 },
  targets: [{ id: 'car', label: 'Ähre', box: [412, 300, 96.5, 54], score: 0.9312, state: 'tracking' }],
  picture: { width: 640, height: 360 },
};
const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xd9]);

describe('messages as they are written down', () => {
  it.each(lines('server.jsonl'))('server: %.60s', (line) => {
    // Nothing added, nothing taken away: what the schema reads is what was sent.
    expect(ServerMessage.parse(JSON.parse(line))).toEqual(JSON.parse(line));
  });

  it.each(lines('client.jsonl'))('client: %.60s', (line) => {
    expect(ClientMessage.parse(JSON.parse(line))).toMatchObject(JSON.parse(line));
  });

  it('cover every type', () => {
    const types = (name: string) => new Set(lines(name).map((line) => JSON.parse(line).type));
    expect([...types('client.jsonl')].sort()).toEqual(
      ClientMessage.options.map((option) => option.shape.type.value).sort(),
    );
    expect([...types('server.jsonl')].sort()).toEqual([
      'boxes',
      'hello',
      'missed',
      'reply',
      'stream',
      'target',
    ]);
  });
});

describe('a command', () => {
  it('has its defaults filled in', () => {
    expect(ClientMessage.parse({ type: 'addTarget', id: 1, stream: 'a', box: [1, 2, 3, 4] })).toEqual({
      type: 'addTarget',
      id: 1,
      stream: 'a',
      box: [1, 2, 3, 4],
      units: 'pixels',
      frame: 'now',
    });
    expect(ClientMessage.parse({ type: 'subscribe', id: 1, preview: {} })).toEqual({
      type: 'subscribe',
      id: 1,
      streams: '*',
      targets: '*',
      preview: { width: 640, rate: 10 },
    });
  });

  it.each([
    ['a misspelt field', { type: 'removeTarget', id: 1, stream: 'a', target: '1', taget: '2' }],
    ['no id', { type: 'ping' }],
    ['a fractional id', { type: 'ping', id: 1.5 }],
    ['a box without area', { type: 'addTarget', id: 1, stream: 'a', box: [1, 2, 0, 4] }],
    ['a name that leaves its folder', { type: 'pause', id: 1, stream: '../a' }],
    ['a target with a line break', { type: 'removeTarget', id: 1, stream: 'a', target: 'a\nb' }],
    ['an unknown type', { type: 'shutdown', id: 1 }],
  ])('with %s is refused', (_, message) => {
    expect(ClientMessage.safeParse(message).success).toBe(false);
  });
});

describe('a preview message', () => {
  it('is these bytes', () => {
    expect(Buffer.from(encodePreview(header, jpeg)).equals(readFileSync(golden('preview.bin')))).toBe(true);
  });

  it('is read as it was written', () => {
    expect(PreviewHeader.parse(header)).toEqual(header);
    expect(decodePreview(encodePreview(header, jpeg))).toEqual({ header, jpeg });
    expect(decodePreview(encodePreview(header, jpeg).buffer)).toEqual({ header, jpeg });
  });

  it('is read from the middle of a larger buffer', () => {
    const bytes = encodePreview(header, jpeg);
    const larger = new Uint8Array(bytes.length + 13);
    larger.set(bytes, 7);
    expect(decodePreview(larger.subarray(7, 7 + bytes.length))).toEqual({ header, jpeg });
  });

  it('passes over whatever else comes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (tail, magic) => {
        const bytes = new Uint8Array(magic ? [0x53, 0x54, 0x50, 1, ...tail] : tail);
        expect(decodePreview(bytes)).toBeUndefined();
      }),
    );
    const whole = encodePreview(header, jpeg);
    for (const cut of [0, 3, 7, 8, 60]) expect(decodePreview(whole.slice(0, cut))).toBeUndefined();
  });
});

it('has a JSON Schema with a definition for each direction', () => {
  const schema = protocolSchema() as { $defs: Record<string, { oneOf?: unknown[]; anyOf?: unknown[] }> };
  expect(Object.keys(schema.$defs)).toEqual(['client', 'server', 'preview']);
  expect(schema.$defs.client.oneOf).toHaveLength(ClientMessage.options.length);
  expect(JSON.stringify(schema)).not.toContain('"$ref":"#/definitions');
});
