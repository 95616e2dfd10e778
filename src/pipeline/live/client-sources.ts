import { lookup } from 'node:dns/promises';
import { realpath } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { sep } from 'node:path';
import { CommandError } from '../../stream/index.js';
import type { ClientSourcesConfig } from '../config/index.js';

/** Addresses that are not the open internet: RFC 6890 and what replaced it, for both versions of IP. */
const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv6');

/**
 * Whether clients may open a source, by the configuration. Names are looked up here and again by whatever opens the source: a name
 * server that answers differently the second time is not defended against, only a list of `hosts` is.
 *
 * @throws CommandError `SOURCE_REFUSED`
 */
export async function checkClientSource(source: string, allowed: ClientSourcesConfig): Promise<void> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1].toLowerCase();
  if (scheme === undefined || scheme.length === 1) return checkFile(source, allowed.folders);
  if (!(allowed.protocols as readonly string[]).includes(scheme))
    throw refused(
      `a source of ${allowed.protocols.join(', ') || 'a folder that is open to clients'}`,
      `${scheme}:`,
    );
  const host = URL.canParse(source) ? new URL(source).hostname : '';
  // Comma, bars and spaces mean things to ffmpeg that they do not mean to a URL.
  if (host === '' || /[|\s,\\]/.test(source)) throw refused('an address with a host', 'another text');
  const name = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (allowed.hosts.length > 0 && !allowed.hosts.some((pattern) => matches(name, pattern.toLowerCase())))
    throw refused('a host that is open to clients', name);
  if (!allowed.privateNetworks) await checkPublic(name);
}

async function checkFile(path: string, folders: readonly string[]): Promise<void> {
  const real = path.includes('\0') ? undefined : await realpath(path).catch(() => undefined);
  for (const folder of real === undefined ? [] : folders) {
    const inside = await realpath(folder).catch(() => undefined);
    if (
      inside !== undefined &&
      (real === inside || real?.startsWith(inside.endsWith(sep) ? inside : inside + sep))
    )
      return;
  }
  // The same answer for a file that is not there, so that nothing is learnt about what is.
  throw refused('a file in a folder that is open to clients', 'another path');
}

async function checkPublic(name: string): Promise<void> {
  const addresses = isIP(name)
    ? [{ address: name, family: isIP(name) }]
    : await lookup(name, { all: true }).catch(() => undefined);
  if (!addresses) throw refused('a host that is known', name);
  for (const { address, family } of addresses)
    if (PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4'))
      throw refused('a host on a public network', name);
}

function matches(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
}

function refused(expected: string, got: string): CommandError {
  return new CommandError('SOURCE_REFUSED', `source: expected ${expected}, got ${got}`);
}
