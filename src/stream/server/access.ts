import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { InvalidArgumentError } from '../../common/index.js';
import type { Role } from '../protocol/index.js';

export interface AccessOptions {
  readonly tokens: { readonly control: readonly string[]; readonly watch: readonly string[] };
  /** What clients without a token may do; `auto`: `control` where there are no tokens, else `none`. */
  readonly anonymous: 'auto' | Role;
  /** Other origins whose pages may connect. */
  readonly origins: readonly string[];
  /** Names besides those of loopback by which a server on loopback may be called. */
  readonly hosts: readonly string[];
}

/** Who may do what. */
export class Access {
  readonly #tokens: readonly { readonly digest: Buffer; readonly role: Role }[];
  readonly #options: AccessOptions;
  readonly #loopback: boolean;

  /** @param host the address the server listens on */
  constructor(options: AccessOptions, host: string) {
    this.#options = options;
    this.#loopback = isLoopback(host);
    const { control, watch } = options.tokens;
    this.#tokens = [
      ...control.map((token) => ({ digest: digest(token), role: 'control' as const })),
      ...watch.map((token) => ({ digest: digest(token), role: 'watch' as const })),
    ];
  }

  /** What a client may do that shows no token. */
  get anonymous(): Role {
    const { anonymous } = this.#options;
    if (anonymous !== 'auto') return anonymous;
    return this.#tokens.length === 0 ? 'control' : 'none';
  }

  /**
   * What a token allows; undefined for one that the server does not have. Takes the same time for every wrong token: all digests are
   * compared, each in constant time.
   */
  roleOf(token: string): Role | undefined {
    const shown = digest(token);
    let role: Role | undefined;
    for (const known of this.#tokens) if (timingSafeEqual(shown, known.digest)) role ??= known.role;
    return role;
  }

  /** What a request may do; undefined for a wrong token. */
  roleOfRequest(request: Pick<IncomingMessage, 'headers' | 'url'>): Role | undefined {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const token = bearer ?? requestUrl(request).searchParams.get('token');
    return token === null ? this.anonymous : this.roleOf(token);
  }

  /**
   * Whether a page of the request's origin may talk to this server. Requests without an Origin come from no page of another site. On
   * loopback the name by which the server was called counts too: a page may have its own name answered with 127.0.0.1.
   */
  allowsOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
    const { host = '', origin } = headers;
    const name = hostName(host);
    if (this.#loopback && !isLoopback(name) && !this.#options.hosts.includes(name)) return false;
    if (origin === undefined || this.#options.origins.includes(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  }
}

/**
 * Path and query of a request. Paths are taken as they are: `//` would begin a host for `URL`, and not every one can be read. What is
 * not a path, as a proxy is asked, is no address of this server.
 */
export function requestUrl({ url = '' }: Pick<IncomingMessage, 'url'>): URL {
  return new URL(url.startsWith('/') ? `http://localhost${url}` : 'http://localhost/*');
}

/** Whether an address or name is this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}

/**
 * Refuses to be open to a network without a token.
 * @throws InvalidArgumentError
 */
export function checkExposure(host: string, access: AccessOptions): void {
  const guarded = access.tokens.control.length + access.tokens.watch.length > 0;
  if (isLoopback(host) || guarded || access.anonymous !== 'auto') return;
  throw new InvalidArgumentError(
    'host',
    'a loopback address, or tokens, or "anonymous" said outright (everybody who reaches this address could watch)',
    host,
  );
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function hostName(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.toLowerCase() : '';
}
