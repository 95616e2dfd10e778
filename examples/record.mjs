// Records every box and event of a stream: node examples/record.mjs STREAM FILE.jsonl [URL]
import { JsonLinesWriter } from 'siamtrack';
import { SiamtrackClient } from 'siamtrack/client';

const [stream, file, url = 'http://127.0.0.1:8080'] = process.argv.slice(2);
if (!stream || !file) {
  console.error('usage: node examples/record.mjs STREAM FILE.jsonl [URL]');
  process.exit(2);
}
const lines = await JsonLinesWriter.open(file);
const client = new SiamtrackClient(url, { token: process.env.SIAMTRACK_TOKEN });
process.once('SIGINT', () => client.close()).once('SIGTERM', () => client.close());
const recording = ['boxes', 'target', 'missed'].map(async (kind) => {
  for await (const message of client.messages(kind, { most: 10_000 })) await lines.write(message);
});
await client.subscribe({ streams: [stream] });
await Promise.all(recording);
// The file appears whole, when the recording has ended.
await lines.close();
