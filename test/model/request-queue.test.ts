import { describe, expect, it } from 'vitest';
import { type Request, RequestQueue, TURN } from '../../src/model/request-queue.js';

function request(stream: string, size = 255): Request {
  const fresh = { failures: 0, failedOn: [], fault: undefined, turn: 0 };
  return { size, crop: () => {}, template: undefined, stream, resolve: () => {}, reject: () => {}, ...fresh };
}

function queueOf(...streams: readonly string[]): RequestQueue {
  const queue = new RequestQueue();
  for (const stream of streams) queue.push(request(stream));
  return queue;
}

const streams = (batch: readonly Request[]) => batch.map(({ stream }) => stream).join('');

describe('request queue', () => {
  it('gives the oldest first while no stream has more than a turn', () => {
    expect(streams(queueOf('a', 'b', 'a', 'c', 'b').take(9))).toBe('abacb');
  });

  it('lets others pass a stream that has used its turn up', () => {
    const queue = queueOf(...Array<string>(2 * TURN + 2).fill('a'), 'b', 'c', 'c');
    const order = streams(queue.take(100));
    expect(order).toBe(`${'a'.repeat(TURN)}bcc${'a'.repeat(TURN + 2)}`);
  });

  it('never makes one with one target wait for all of one with fifty, however often both ask', () => {
    const queue = queueOf(...Array<string>(50).fill('a'));
    for (let round = 0; round < 30; round++) {
      queue.push(request('b'));
      let passed = 0;
      for (let seen = ''; seen !== 'b'; passed++) seen = streams(queue.take(1));
      expect(passed).toBeLessThanOrEqual(TURN + 1);
      for (let k = 1; k < passed; k++) queue.push(request('a'));
    }
  });

  it('never makes one with many wait for ever for many with one', () => {
    const queue = queueOf(...Array<string>(50).fill('a'));
    const singles = Array.from({ length: 20 }, (_, k) => `b${k}`);
    for (const name of singles) queue.push(request(name));
    let [taken, many] = [0, 0];
    for (; many < 50; taken++) {
      const [{ stream }] = queue.take(1);
      if (stream === 'a') many++;
      else queue.push(request(stream));
    }
    expect(taken).toBeLessThanOrEqual(50 + Math.ceil(50 / TURN) * singles.length);
  });

  it('remembers no more streams than matter', () => {
    const queue = new RequestQueue();
    for (let k = 0; k < 2000; k++) {
      queue.push(request(`s${k}`));
      expect(streams(queue.take(1))).toBe(`s${k}`);
    }
  });

  it('keeps the order within a stream', () => {
    const queue = new RequestQueue();
    const asked = Array.from({ length: 40 }, (_, k) => ({ ...request('a'), size: 255, turn: 0, k }));
    for (const [k, one] of asked.entries()) {
      queue.push(one);
      if (k % 3 === 0) queue.push(request('b'));
    }
    const taken: unknown[] = [];
    while (queue.length > 0) taken.push(...queue.take(3).filter(({ stream }) => stream === 'a'));
    expect(taken).toEqual(asked);
  });

  it('batches only what is alike, without changing the order of the rest', () => {
    const queue = new RequestQueue();
    for (const size of [127, 255, 127, 255]) queue.push(request('a', size));
    expect(queue.take(8).map(({ size }) => size)).toEqual([127, 127]);
    expect(queue.take(8).map(({ size }) => size)).toEqual([255, 255]);
    expect(queue.length).toBe(0);
  });

  it('counts what waits of each stream, and takes everything on demand', () => {
    const queue = queueOf('a', 'b', 'a');
    expect([queue.countOf('a'), queue.countOf('b'), queue.countOf('c')]).toEqual([2, 1, 0]);
    queue.take(1);
    expect(queue.countOf('a')).toBe(1);
    expect(streams(queue.clear())).toBe('ba');
    expect([queue.length, queue.countOf('a'), queue.countOf('b')]).toEqual([0, 0, 0]);
  });
});
