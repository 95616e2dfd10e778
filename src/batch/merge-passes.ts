import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BoxMessage } from '../formats/index.js';

const CHUNK = 1 << 16;

/**
 * Brings the lines of both passes together, one line a frame in order of time, targets in the order of `ids`.
 *
 * @param forwards lines of rising frames @param backwards lines of falling frames
 */
export async function mergePasses(
  forwards: string,
  backwards: string,
  out: string,
  ids: readonly string[],
): Promise<void> {
  const order = new Map(ids.map((id, k) => [id, k]));
  async function* merged(): AsyncGenerator<string> {
    const later = createInterface({ input: createReadStream(forwards), crlfDelay: Number.POSITIVE_INFINITY });
    const lines = later[Symbol.asyncIterator]();
    const next = async () => {
      const { value, done } = await lines.next();
      return done || value === '' ? undefined : BoxMessage.parse(JSON.parse(value));
    };
    let after = await next();
    for await (const line of linesFromEnd(backwards)) {
      const before = BoxMessage.parse(JSON.parse(line));
      for (; after && after.frame < before.frame; after = await next()) yield `${JSON.stringify(after)}\n`;
      if (after?.frame === before.frame) {
        const targets = [...before.targets, ...after.targets];
        targets.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
        yield `${JSON.stringify({ ...after, targets })}\n`;
        after = await next();
      } else yield `${JSON.stringify(before)}\n`;
    }
    for (; after; after = await next()) yield `${JSON.stringify(after)}\n`;
    later.close();
  }
  await pipeline(Readable.from(merged()), createWriteStream(out));
}

/** The lines of a file, the last one first, in bounded memory. */
export async function* linesFromEnd(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    let rest = Buffer.alloc(0);
    let at = (await file.stat()).size;
    while (at > 0) {
      const length = Math.min(CHUNK, at);
      at -= length;
      const chunk = Buffer.alloc(length);
      let got = 0;
      while (got < length) got += (await file.read(chunk, got, length - got, at + got)).bytesRead;
      rest = Buffer.concat([chunk, rest]);
      for (let cut = rest.lastIndexOf(10); cut >= 0; cut = rest.lastIndexOf(10)) {
        const line = rest.subarray(cut + 1).toString('utf8');
        rest = rest.subarray(0, cut);
        if (line !== '') yield line;
      }
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    await file.close();
  }
}
