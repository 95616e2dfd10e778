import { describe, expect, it } from 'vitest';
import {
  type Embedding,
  type EncodeResult,
  type Engine,
  type EngineEvent,
  type RespondResult,
  SharedEncoder,
} from '../../src/model/index.js';

/** An engine whose embedding of a crop is its first number, and whose calls the test lets go one by one. */
class HandEngine implements Engine {
  readonly blocks = false;

  constructor(readonly depth = 1) {}
  readonly description = { runtime: 'hand', device: 'cpu', threads: 1, precision: 'float32' } as const;
  readonly calls: { count: number; size: number; go: (error?: Error) => void }[] = [];
  disposed = false;

  encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    const data = Float32Array.from({ length: count }, (_, k) => crops[k * 3 * size * size]);
    return this.#call(count, size, { crops, embeddings: { data, count, channels: 1, side: 1 }, encodeMs: 1 });
  }

  respond(
    crops: Float32Array,
    count: number,
    size: number,
    templates: readonly Embedding[],
  ): Promise<RespondResult> {
    const score = Float32Array.from(templates, (t, k) => t.data[0] * 1000 + crops[k * 3 * size * size]);
    const embeddings = { data: score, count, channels: 1, side: 1 };
    return this.#call(count, size, {
      crops,
      embeddings,
      maps: { score, box: score },
      encodeMs: 1,
      headMs: 1,
    });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }

  #call<T>(count: number, size: number, result: T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.calls.push({ count, size, go: (error) => (error ? reject(error) : resolve(result)) });
    });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const write = (value: number) => (out: Float32Array, offset: number) =>
  void out.fill(value, offset, offset + 9);
const template = (value: number): Embedding => ({ data: Float32Array.of(value), channels: 1, side: 1 });

describe('shared encoder', () => {
  it('sends what waits as one batch as soon as the engine is free, and never waits for more', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 4);
    const results: number[] = [];
    const ask = (value: number) => encoder.embed(8, write(value)).then((e) => results.push(e.data[0]));
    ask(1);
    await turn();
    for (const value of [2, 3, 4, 5, 6]) ask(value);
    await turn();
    expect(engine.calls.map((c) => c.count)).toEqual([1]);
    expect(encoder.waiting).toBe(5);
    engine.calls[0].go();
    await turn();
    engine.calls[1].go();
    await turn();
    engine.calls[2].go();
    await turn();
    expect(engine.calls.map((c) => c.count)).toEqual([1, 4, 1]);
    expect(results).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('lets those who ask in one go share the first batch', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 16);
    for (let k = 0; k < 16; k++) void encoder.embed(8, write(k));
    await turn();
    expect(engine.calls.map((c) => c.count)).toEqual([16]);
  });

  it('gives each its own answer, by its own template', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 3);
    const answers = [1, 2, 3].map((k) => encoder.respond(template(k), write(10 * k)));
    await turn();
    engine.calls[0].go();
    expect((await Promise.all(answers)).map((a) => a.score[0])).toEqual([1010, 2020, 3030]);
  });

  it('never mixes sizes or kinds in a batch, and keeps the order of the oldest', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 8);
    void encoder.embed(4, write(1));
    void encoder.respond(template(1), write(1));
    void encoder.embed(4, write(1));
    void encoder.embed(8, write(1));
    await turn();
    for (let k = 0; k < 3; k++) {
      engine.calls[k].go();
      await turn();
    }
    expect(engine.calls.map(({ count, size }) => [count, size])).toEqual([
      [2, 4],
      [1, 8],
      [1, 8],
    ]);
  });

  it('runs as many batches at once as it has engines', async () => {
    const engines = [new HandEngine(), new HandEngine()];
    const encoder = new SharedEncoder(engines, 8, 1);
    const all = [1, 2, 3].map((k) => encoder.embed(8, write(k)));
    await turn();
    expect(engines.map((e) => e.calls.length)).toEqual([1, 1]);
    engines[1].calls[0].go();
    await turn();
    expect(engines.map((e) => e.calls.length)).toEqual([1, 2]);
    engines[0].calls[0].go();
    engines[1].calls[1].go();
    expect((await Promise.all(all)).map((e) => e.data[0])).toEqual([1, 2, 3]);
  });

  it('gives engines that take one a batch ahead, idle engines first', async () => {
    const engines = [new HandEngine(2), new HandEngine(2)];
    const encoder = new SharedEncoder(engines, 8, 1);
    for (let k = 0; k < 5; k++) void encoder.embed(8, write(k));
    await turn();
    expect(engines.map((e) => e.calls.length)).toEqual([2, 2]);
    engines[1].calls[0].go();
    await turn();
    expect(engines.map((e) => e.calls.length)).toEqual([2, 3]);
    expect(encoder.waiting).toBe(0);
  });

  it('tries each request of a call that failed again by itself, before all others', async () => {
    const engine = new HandEngine();
    const events: EngineEvent[] = [];
    const encoder = new SharedEncoder([engine], 8, 2, { onEvent: (event) => events.push(event) });
    const settled = Promise.allSettled([1, 2, 3].map((k) => encoder.embed(8, write(k))));
    await turn();
    engine.calls[0].go(new Error('out of memory'));
    await turn();
    engine.calls[1].go(new Error('out of memory'));
    await turn();
    engine.calls[2].go();
    await turn();
    engine.calls[3].go();
    expect((await settled).map((s) => s.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(engine.calls.map((c) => c.count)).toEqual([2, 1, 1, 1]);
    expect(events).toMatchObject([{ code: 'ENGINE_RECOVERED', message: /out of memory/ }]);
  });

  it('rejects just the request whose crop cannot be cut', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 3);
    const bad = () => {
      throw new Error('no such picture');
    };
    const settled = Promise.allSettled([bad, write(2), write(3)].map((fill) => encoder.embed(8, fill)));
    await turn();
    engine.calls[0].go();
    const [first, second, third] = await settled;
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'no such picture' } });
    expect(second).toMatchObject({ value: { data: Float32Array.of(2) } });
    expect(third).toMatchObject({ value: { data: Float32Array.of(3) } });
    void encoder.embed(8, bad).catch(() => {});
    await turn();
    void encoder.embed(8, write(4));
    await turn();
    expect(engine.calls.map((c) => c.count)).toEqual([2, 1]);
  });

  it('rejects what waits when disposed, and disposes its engines', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 1);
    const first = encoder.embed(8, write(1));
    await turn();
    const second = encoder.embed(8, write(2));
    await Promise.all([encoder.dispose(), expect(second).rejects.toMatchObject({ code: 'MODEL_DISPOSED' })]);
    engine.calls[0].go();
    expect((await first).data[0]).toBe(1);
    expect(engine.disposed).toBe(true);
  });

  it('lets a batch take no longer than half of the latency budget', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 16, { latencyMs: 9 });
    void encoder.embed(8, write(1));
    await turn();
    // One crop takes this engine a millisecond, as it says.
    engine.calls[0].go();
    await turn();
    for (let k = 0; k < 9; k++) void encoder.embed(8, write(k));
    await turn();
    expect(engine.calls[1].count).toBe(4);
  });

  it('serves a stream with one target between the turns of one with many', async () => {
    const engine = new HandEngine();
    const encoder = new SharedEncoder([engine], 8, 8);
    const order: string[] = [];
    const ask = (stream: SharedEncoder, name: string) =>
      stream.embed(8, write(1)).then(() => order.push(name));
    const [many, one] = [encoder.forStream('many'), encoder.forStream('one')];
    for (let k = 0; k < 20; k++) void ask(many, 'm');
    void ask(one, 'o');
    for (let k = 0; k < 3; k++) {
      await turn();
      engine.calls[k].go();
    }
    await turn();
    expect(order.join('')).toBe(`${'m'.repeat(8)}o${'m'.repeat(12)}`);
  });

  describe('back-pressure', () => {
    const settled = async (promise: Promise<void>) => {
      let done = false;
      void promise.then(() => {
        done = true;
      });
      await turn();
      return done;
    };

    it('lets everybody in while nothing waits, and says how busy it is', async () => {
      const encoder = new SharedEncoder([new HandEngine()], 8, 4);
      expect(await settled(encoder.forStream('a').admit())).toBe(true);
      expect(await settled(encoder.forStream('b').admit())).toBe(true);
      expect(encoder.load).toEqual({ waiting: 0, underWay: 0, waitMs: 0, streamsWaiting: 0 });
    });

    it('keeps a stream waiting until its last frame is done', async () => {
      const engine = new HandEngine();
      const stream = new SharedEncoder([engine], 8, 4).forStream('a');
      await stream.admit();
      void stream.embed(8, write(1));
      await turn();
      const next = stream.admit();
      expect(await settled(next)).toBe(false);
      engine.calls[0].go();
      expect(await settled(next)).toBe(true);
    });

    it('keeps streams waiting, first come, first served, while there is work for half of the budget', async () => {
      const engine = new HandEngine();
      const encoder = new SharedEncoder([engine], 8, 1, { latencyMs: 5 });
      void encoder.embed(8, write(1));
      await turn();
      engine.calls[0].go();
      await turn();
      // A millisecond each: three are more than half of five.
      for (let k = 0; k < 3; k++) void encoder.embed(8, write(k), 'busy');
      await turn();
      const [a, b] = [encoder.forStream('a').admit(), encoder.forStream('b').admit()];
      expect([await settled(a), await settled(b)]).toEqual([false, false]);
      expect(encoder.load).toMatchObject({
        waiting: 2,
        underWay: 1,
        waitMs: expect.closeTo(3, 0),
        streamsWaiting: 2,
      });
      engine.calls[1].go();
      // Room for one: the place that a has now is kept for its request.
      expect([await settled(a), await settled(b)]).toEqual([true, false]);
      engine.calls[2].go();
      expect(await settled(b)).toBe(true);
    });

    it('forgets who gives up, and ends with the encoder', async () => {
      const engine = new HandEngine();
      const encoder = new SharedEncoder([engine], 8, 4);
      const stream = encoder.forStream('a');
      void stream.embed(8, write(1)).catch(() => {});
      await turn();
      const giveUp = new AbortController();
      const first = stream.admit(giveUp.signal);
      const second = stream.admit();
      giveUp.abort(new Error('no more'));
      await expect(first).rejects.toThrow('no more');
      await expect(stream.admit(AbortSignal.abort(new Error('never')))).rejects.toThrow('never');
      expect(encoder.load.streamsWaiting).toBe(1);
      await Promise.all([
        encoder.dispose(),
        expect(second).rejects.toMatchObject({ code: 'MODEL_DISPOSED' }),
      ]);
      await expect(stream.admit()).rejects.toMatchObject({ code: 'MODEL_DISPOSED' });
    });
  });
});
