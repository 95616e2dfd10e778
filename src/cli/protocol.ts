import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';

export interface ProtocolCommandOptions {
  readonly schema?: boolean;
}

/** `siamtrack protocol --schema`: what server and clients say to each other, for programs. */
export function registerProtocol(program: Command): void {
  const command = program
    .command('protocol')
    .description('tell the version of the WebSocket protocol, or its JSON Schema')
    .option('--schema', 'print the JSON Schema of all messages')
    .action(lazily(async () => (await import('./run/protocol.js')).printProtocol));
  addExamples(command, 'protocol', 'protocol --schema > siamtrack-protocol.json');
}
