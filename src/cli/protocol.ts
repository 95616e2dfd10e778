import type { Command } from 'commander';
import { PROTOCOL_VERSION, protocolSchema } from '../stream/index.js';
import { addExamples } from './examples.js';

/** `siamtrack protocol --schema`: what server and clients say to each other, for programs. */
export function registerProtocol(program: Command): void {
  const command = program
    .command('protocol')
    .description('tell the version of the WebSocket protocol, or its JSON Schema')
    .option('--schema', 'print the JSON Schema of all messages')
    .action(({ schema }: { schema?: boolean }) => {
      const text = schema
        ? JSON.stringify(protocolSchema(), null, 2)
        : `siamtrack protocol ${PROTOCOL_VERSION}`;
      process.stdout.write(`${text}\n`);
    });
  addExamples(command, 'protocol', 'protocol --schema > siamtrack-protocol.json');
}
