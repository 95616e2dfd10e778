import type { Mark } from './marks.js';

interface Settings {
  /** A drawn box waits to be adjusted and confirmed. */
  adjust: boolean;
  trails: boolean;
  /** Names that were given to targets in this browser, by `stream/id`. */
  names: Record<string, string>;
}

/** What this browser remembers of the person. Where it may not remember, it forgets with the page. */
export const settings: Settings = {
  adjust: false,
  trails: true,
  names: {},
  ...read<Partial<Settings>>(localStore(), 'siamtrack'),
};

export function saveSettings(): void {
  write(localStore(), 'siamtrack', settings);
}

/** The token of this tab, gone when it is closed. */
export function savedToken(): string | undefined {
  return read<string>(tabStore(), 'siamtrack.token');
}

export function saveToken(token: string | undefined): void {
  write(tabStore(), 'siamtrack.token', token);
}

/** Boxes drawn for a batch in this tab. */
export function savedMarks(): Mark[] {
  const marks = read<Mark[]>(tabStore(), 'siamtrack.marks');
  return Array.isArray(marks) ? marks : [];
}

export function saveMarks(marks: readonly Mark[]): void {
  write(tabStore(), 'siamtrack.marks', marks);
}

// A browser may refuse storage, even by throwing at the mention of it.
function localStore(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function tabStore(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

function read<T>(store: Storage | undefined, key: string): T | undefined {
  try {
    return JSON.parse(store?.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function write(store: Storage | undefined, key: string, value: unknown): void {
  try {
    if (value === undefined) store?.removeItem(key);
    else store?.setItem(key, JSON.stringify(value));
  } catch {
    // Full or refused: see above.
  }
}
