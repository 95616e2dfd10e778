import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClientReport } from './serve-clients.js';

/** Clients in a process of their own; `stuck` of them do not read. */
export async function startClients(url: string, count: number, stuck: number): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./serve-clients.js', import.meta.url));
  const child = fork(script, [url, String(count), String(stuck)]);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', () => reject(new Error('the clients could not connect')));
  });
  return child;
}

/** What they have had since the last time. */
export function ask(child: ChildProcess): Promise<ClientReport> {
  return new Promise((resolve) => {
    child.once('message', (report) => resolve(report as ClientReport));
    child.send('report');
  });
}
