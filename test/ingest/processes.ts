import { execFile } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';

/** Command lines of the processes that have a folder among their arguments. */
export function processes(folder: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('ps', ['-eo', 'args'], (_, stdout) => {
      resolve(stdout.split('\n').filter((line) => line.includes(folder) && !line.startsWith('ps ')));
    });
  });
}

/** Open pipes and sockets of this process; undefined where there is no /proc. */
export async function descriptors(): Promise<number | undefined> {
  const names = await readdir('/proc/self/fd').catch(() => undefined);
  if (!names) return undefined;
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => /^(socket|pipe):/.test(target)).length;
}
