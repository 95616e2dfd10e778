import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { SiamtrackError } from '../../common/index.js';
import { Config } from './schema.js';

/** A configuration that cannot be used. Codes: `CONFIG_UNREADABLE`, `CONFIG_INVALID`; the message names file and place. */
export class ConfigError extends SiamtrackError {
  declare readonly code: 'CONFIG_UNREADABLE' | 'CONFIG_INVALID';
}

/**
 * Reads a configuration file (YAML, of which JSON is a part) and fills in the defaults. An empty file is all defaults.
 * @throws ConfigError
 */
export async function readConfig(path: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_UNREADABLE', `${path}: expected a file that can be read`, { cause });
  }
  return parseConfig(text, path);
}

/** The same from text. @param path how errors name it */
export function parseConfig(text: string, path = 'configuration'): Config {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error) throw new ConfigError('CONFIG_INVALID', `${path}: expected YAML, got ${error.message.trim()}`);
  const parsed = Config.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return parsed.data;
  throw new ConfigError('CONFIG_INVALID', `${path}: ${z.prettifyError(parsed.error).replaceAll('✖ ', '')}`);
}
