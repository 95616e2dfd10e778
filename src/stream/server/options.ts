import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Limits } from '../protocol/index.js';
import type { AccessOptions } from './access.js';

export interface ServerOptions {
  /** Address to listen on. Default `127.0.0.1`; beyond loopback tokens are needed. */
  readonly host?: string;
  /** Default 8080; 0 is any free one. */
  readonly port?: number;
  readonly access?: Partial<AccessOptions>;
  readonly limits?: Partial<ServerLimits>;
  /** Whether `addStream` has anything that it may open. Default false. */
  readonly addStream?: boolean;
  /** Files of certificate and key, PEM: serves https and wss. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A folder with `index.html`, served at `/`. */
  readonly viewer?: string;
  readonly log?: Logger;
  /** Adds to what `/metrics` tells. */
  readonly metrics?: (registry: Registry) => void;
}

/** See `limits` in the configuration file. */
export interface ServerLimits extends Limits {
  readonly clients: number;
  readonly clientsPerAddress: number;
  readonly silence: number;
  readonly previewQuality: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  messageBytes: 16_384,
  messagesPerSecond: 50,
  targetsPerStream: 32,
  streams: 32,
  pendingBytes: 262_144,
  previewWidth: 1280,
  previewRate: 15,
  clients: 1000,
  clientsPerAddress: 100,
  silence: 30_000,
  previewQuality: 75,
};

/** Who may do what, with what is not said filled in. */
export function accessOptions({ access }: Pick<ServerOptions, 'access'>): AccessOptions {
  return {
    tokens: access?.tokens ?? { control: [], watch: [] },
    anonymous: access?.anonymous ?? 'auto',
    origins: access?.origins ?? [],
    hosts: access?.hosts ?? [],
  };
}
