import { PROTOCOL_VERSION, protocolSchema } from '../../stream/protocol/index.js';
import type { ProtocolCommandOptions } from '../protocol.js';

/** Prints the protocol's version, or its schema. */
export function printProtocol({ schema }: ProtocolCommandOptions): void {
  const text = schema ? JSON.stringify(protocolSchema(), null, 2) : `siamtrack protocol ${PROTOCOL_VERSION}`;
  process.stdout.write(`${text}\n`);
}
