import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';

const HOST = hostname().replace(/[^A-Za-z0-9-]/g, '') || 'host';
const NAME = new RegExp(`^\\..*\\.${HOST}-(\\d+)-\\d+\\.part(\\.[^.]*)?(\\.old)?$`);

let made = 0;
const swept = new Set<string>();

/**
 * A hidden name for what becomes `base + extension` once it is whole: unique, and telling whose it is. The first time a process asks
 * for one in a folder, what processes of this machine left there when they were killed is removed.
 */
export async function partPath(folder: string, base: string, extension = ''): Promise<string> {
  const key = resolve(folder);
  if (!swept.has(key)) {
    swept.add(key);
    await sweep(key);
  }
  return join(folder, `.${base}.${HOST}-${process.pid}-${made++}.part${extension}`);
}

async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
