import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

/** What of a machine decides which engine is fastest. */
export interface Machine {
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** GPUs as the system names them; empty where there is none, or none can be seen. */
  readonly gpus: readonly string[];
}

/** PCI vendors that make GPUs to compute on. */
const VENDORS: Readonly<Record<string, string>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' };

export function thisMachine(): Machine {
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    gpus: findGpus(),
  };
}

function findGpus(): string[] {
  // macOS and Windows machines have one, practically always; which one would take a second to ask.
  if (process.platform === 'darwin') return ['Metal'];
  if (process.platform === 'win32') return ['Direct3D 12'];
  const nvidia = entries('/proc/driver/nvidia/gpus').map((slot) => {
    const text = read(join('/proc/driver/nvidia/gpus', slot, 'information'));
    return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? 'NVIDIA';
  });
  const cards = entries('/sys/class/drm').filter((name) => /^card\d+$/.test(name));
  const others = cards.flatMap((card) => {
    const device = join('/sys/class/drm', card, 'device');
    const vendor = VENDORS[read(join(device, 'vendor')).trim()];
    if (vendor === undefined || (vendor === 'NVIDIA' && nvidia.length > 0)) return [];
    return [`${vendor} ${read(join(device, 'device')).trim()}`];
  });
  return [...nvidia, ...others].sort();
}

function entries(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
