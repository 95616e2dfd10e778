// A process of clients for bench/serve.ts: `node serve-clients.js URL COUNT STUCK`, told by messages what to do.
import { WebSocket } from 'ws';

/** What this process says when it is asked. */
export interface ClientReport {
  /** Box messages that came, and bytes of them. */
  readonly messages: number;
  readonly bytes: number;
  /** Milliseconds from a frame's decoding to its message, one in so many; clocks are those of one machine. */
  readonly latency: readonly number[];
}

const KEPT = 100_000;

async function main(): Promise<void> {
  const [url, count, stuck] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
  let messages = 0;
  let bytes = 0;
  let latency: number[] = [];
  const open = (k: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.once('error', reject);
      socket.once('open', () => {
        socket.send('{"type":"subscribe","id":0}');
        if (k < stuck) socket.pause();
        resolve();
      });
      socket.on('message', (data: Buffer) => {
        // A box message begins so; the rest is not looked at but for a few.
        if (data.length < 16 || data[9] !== 0x62 || data[10] !== 0x6f) return;
        messages++;
        bytes += data.length;
        if (k !== stuck || latency.length >= KEPT) return;
        latency.push(Date.now() - JSON.parse(String(data)).time);
      });
    });
  for (let k = 0; k < count; k += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - k) }, (_, n) => open(k + n)));
  process.on('message', (what) => {
    const report: ClientReport = { messages, bytes, latency };
    if (what === 'report') process.send?.(report);
    messages = 0;
    bytes = 0;
    latency = [];
  });
  process.send?.('ready');
}

await main();
