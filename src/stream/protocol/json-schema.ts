import { z } from 'zod';
import { ClientMessage } from './client-messages.js';
import { PreviewHeader, ServerMessage } from './server-messages.js';
import { PROTOCOL_VERSION } from './version.js';

/**
 * The protocol as one JSON Schema (draft 2020-12). `$defs.client` is a message to the server as it may be written, `$defs.server` a
 * text message from it, `$defs.preview` the header of a binary one.
 */
export function protocolSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `siamtrack protocol ${PROTOCOL_VERSION}`,
    $defs: {
      client: embedded(ClientMessage, 'input'),
      server: embedded(ServerMessage, 'output'),
      preview: embedded(PreviewHeader, 'output'),
    },
    anyOf: [{ $ref: '#/$defs/client' }, { $ref: '#/$defs/server' }],
  };
}

function embedded(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, reused: 'inline' }) as Record<string, unknown>;
  return rest;
}
