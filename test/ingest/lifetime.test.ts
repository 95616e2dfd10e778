import { spawn } from 'node:child_process';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Frame, openSource } from '../../src/ingest/index.js';
import { makeClip, scratch } from './clips.js';
import { descriptors, processes } from './processes.js';

let folder: string;
let remove: () => Promise<void>;
let clip: string;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  clip = await makeClip(
    join(folder, 'clip.mp4'),
    ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    { frames: 200, size: '320x240' },
  );
});

afterAll(() => remove());

async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function stubborn(): Promise<string> {
  const path = join(folder, 'stubborn');
  await writeFile(
    path,
    `#!/bin/sh\ntrap '' TERM\ncase "$*" in *-version*) exec ffmpeg "$@";; esac\nffmpeg "$@"\nwhile :; do sleep 0.1; done\n`,
  );
  await chmod(path, 0o755);
  return path;
}

async function firstFrame(source: AsyncIterable<Frame>): Promise<Frame> {
  const result = await source[Symbol.asyncIterator]().next();
  if (result.done) throw new Error('no frame');
  return result.value;
}

describe('closing early', () => {
  it('by leaving the loop, closing, disposing or aborting leaves no process and no descriptor', async () => {
    const close = [
      async () => {
        for await (const frame of await openSource(clip)) {
          frame.release();
          break;
        }
      },
      async () => {
        const source = await openSource(clip);
        (await firstFrame(source)).release();
        await source.close();
        await source.close();
      },
      async () => {
        const source = await openSource(clip);
        await firstFrame(source);
        await source[Symbol.asyncDispose]();
      },
      async () => (await openSource(clip)).close(),
      async () => {
        // Closed while ffmpeg is being started.
        const source = await openSource(clip);
        const pending = source[Symbol.asyncIterator]().next();
        await source.close();
        expect(await pending).toMatchObject({ done: true });
      },
      async () => {
        const abort = new AbortController();
        const source = await openSource(clip, { signal: abort.signal });
        const iterator = source[Symbol.asyncIterator]();
        await iterator.next();
        abort.abort(new Error('enough'));
        await expect(iterator.next()).rejects.toThrow('enough');
        await source.close();
      },
    ];
    await close[0]();
    const before = await descriptors();
    for (let i = 0; i < 30; i++) await close[i % close.length]();
    expect(await processes(folder)).toEqual([]);
    expect(await descriptors()).toBe(before);
  });

  it('ends an ffmpeg that ignores SIGTERM', async () => {
    const source = await openSource(clip, { ffmpegPath: await stubborn(), killTimeout: 200 });
    await firstFrame(source);
    expect(await processes(folder)).not.toEqual([]);
    await source.close();
    expect(await until(async () => (await processes(folder)).length === 0)).toBe(true);
  });

  it('keeps frames that were received valid', async () => {
    const source = await openSource(clip);
    const frame = await firstFrame(source);
    const copy = frame.y.slice();
    await source.close();
    expect(frame.y).toEqual(copy);
    frame.release();
  });
});

describe('an owner that ends without closing', () => {
  it.each(['uncaught', 'exit', 'SIGINT', 'SIGKILL'])('(%s) leaves no ffmpeg behind', async (way) => {
    // The built package where there is one is what users run; here the sources are compiled on the fly.
    const program = join(folder, 'owner.mjs');
    await writeFile(
      program,
      `const { createServer } = await import(${JSON.stringify(import.meta.resolve('vite'))});
       const server = await createServer({ configFile: false, logLevel: 'silent', server: { middlewareMode: true, hmr: false, ws: false } });
       const { openSource } = await server.ssrLoadModule('/src/ingest/index.ts');
       const source = await openSource(${JSON.stringify(clip)});
       await source[Symbol.asyncIterator]().next();
       process.stdout.write('ready');
       const way = ${JSON.stringify(way)};
       if (way === 'uncaught') setTimeout(() => { throw new Error('uncaught'); });
       else if (way === 'exit') process.exit(3);
       else process.kill(process.pid, way);`,
    );
    const owner = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    owner.stdout.on('data', (data) => {
      said += data;
    });
    await new Promise((resolve) => owner.once('close', resolve));
    expect(said).toBe('ready');
    expect(await until(async () => (await processes(folder)).length === 0)).toBe(true);
  });
});

describe('a slow consumer', () => {
  it('holds ffmpeg back: no more buffers than read ahead and held', async () => {
    const source = await openSource(clip, { readAhead: 3, maxFrames: 8 });
    const held: Frame[] = [];
    const iterator = source[Symbol.asyncIterator]();
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 200; i++) {
      const { value } = await iterator.next();
      expect(value?.index).toBe(i);
      buffers.add(value!.y.buffer);
      held.push(value!);
      if (held.length > 3) held.shift()!.release();
      if (i % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect((await iterator.next()).done).toBe(true);
    expect(buffers.size).toBeLessThanOrEqual(8);
  });

  it('that never releases gets an error, not a hang', async () => {
    const source = await openSource(clip, { maxFrames: 5 });
    const held: Frame[] = [];
    const read = async () => {
      for await (const frame of source) held.push(frame);
    };
    await expect(read()).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    expect(held).toHaveLength(5);
    expect(await processes(folder)).toEqual([]);
  });

  it('may hold exactly as many frames as there are', async () => {
    const source = await openSource(clip, { maxFrames: 5, start: { frame: 195 } });
    const held: Frame[] = [];
    for await (const frame of source) held.push(frame);
    expect(held.map((frame) => frame.index)).toEqual([195, 196, 197, 198, 199]);
  });

  it('shares a frame by retaining it', async () => {
    const source = await openSource(clip, { maxFrames: 1 });
    const iterator = source[Symbol.asyncIterator]();
    const { value: first } = await iterator.next();
    first!.retain().release();
    const before = first!.y.slice();
    expect(first!.y).toEqual(before);
    first!.release();
    expect(() => first!.release()).toThrow(expect.objectContaining({ code: 'FRAME_RELEASED' }));
    expect(() => first!.retain()).toThrow(expect.objectContaining({ code: 'FRAME_RELEASED' }));
    const { value: second } = await iterator.next();
    expect(second!.index).toBe(1);
    await source.close();
  });

  it('iterates a source once', async () => {
    const source = await openSource(clip);
    const iterator = source[Symbol.asyncIterator]();
    expect(() => source[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'SOURCE_BUSY' }));
    await iterator.return?.();
    expect(await iterator.next()).toMatchObject({ done: true });
  });
});

describe('the module', () => {
  it('imports fluent-ffmpeg in one file only', async () => {
    const root = join(import.meta.dirname, '../../src');
    const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.ts'));
    const users = await Promise.all(
      files.map(async (name) =>
        (await readFile(join(root, name), 'utf8')).includes("from 'fluent-ffmpeg'") ? name : '',
      ),
    );
    expect(users.filter(Boolean)).toEqual([join('ingest', 'ffmpeg-process.ts')]);
  });
});
