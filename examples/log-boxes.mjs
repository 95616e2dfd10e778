// Prints where targets are: node examples/log-boxes.mjs [URL]
import { SiamtrackClient } from 'siamtrack/client';

const client = new SiamtrackClient(process.argv[2] ?? 'http://127.0.0.1:8080', {
  token: process.env.SIAMTRACK_TOKEN,
});
process.once('SIGINT', () => client.close());
client.on('stream', ({ stream, event }) => console.log(`${stream} ${event}`));
client.on('missed', ({ stream, boxes }) => console.log(`${stream} ${boxes} frames missed`));
await client.subscribe({ maxRate: 5 });
for await (const { stream, frame, targets } of client.messages('boxes'))
  for (const { id, label, box, score, state } of targets)
    console.log(`${stream} ${frame} ${label ?? id} ${box.map(Math.round)} ${score.toFixed(2)} ${state}`);
