import { z } from 'zod';
import { CommandError } from '../host.js';
import { ClientMessage, type Role } from '../protocol/index.js';

const TYPES = new Set<string>(ClientMessage.options.map((option) => option.shape.type.value));

/** A message from a client, read: a command, or why it is none. `re` is its id where that could be read. */
export type ReadMessage =
  | { readonly re: number; readonly command: ClientMessage }
  | { readonly re: number | null; readonly error: CommandError };

/** Reads one text message. */
export function readMessage(text: string): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return {
      re: null,
      error: new CommandError(
        'BAD_JSON',
        `expected JSON, got text that is none: ${(cause as Error).message}`,
      ),
    };
  }
  const { id, type } = (typeof value === 'object' && value !== null ? value : {}) as {
    id?: unknown;
    type?: unknown;
  };
  const re = Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : null;
  if (typeof type === 'string' && !TYPES.has(type)) {
    const known = [...TYPES].join(', ');
    return {
      re,
      error: new CommandError(
        'UNKNOWN_TYPE',
        `type: expected one of ${known}, got ${JSON.stringify(type.slice(0, 64))}`,
      ),
    };
  }
  const parsed = ClientMessage.safeParse(value);
  if (parsed.success) return { re: parsed.data.id, command: parsed.data };
  const message = z.prettifyError(parsed.error).replaceAll('✖ ', '').replaceAll('\n  → at', ', at');
  return { re, error: new CommandError('BAD_MESSAGE', message.slice(0, 500)) };
}

const FOR_ALL = new Set<ClientMessage['type']>(['auth', 'ping']);
const FOR_WATCHERS = new Set<ClientMessage['type']>(['subscribe', 'unsubscribe']);

/** @throws CommandError `AUTH_REQUIRED`, `FORBIDDEN` */
export function checkRole(type: ClientMessage['type'], role: Role): void {
  if (FOR_ALL.has(type) || role === 'control') return;
  if (role === 'none') throw new CommandError('AUTH_REQUIRED', `${type}: expected a token first`);
  if (!FOR_WATCHERS.has(type))
    throw new CommandError('FORBIDDEN', `${type}: expected role control, got ${role}`);
}
