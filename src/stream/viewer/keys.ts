type KeyAction = 'new' | 'pause' | 'cancel' | 'remove' | 'redraw' | 'next' | 'previous';

const KEYS: Readonly<Record<string, KeyAction | undefined>> = {
  n: 'new',
  ' ': 'pause',
  Escape: 'cancel',
  Delete: 'remove',
  Backspace: 'remove',
  r: 'redraw',
  ']': 'next',
  '[': 'previous',
};

/** What a key does while the picture has the focus and no box waits. */
export function keyAction(key: string): KeyAction | undefined {
  return KEYS[key.length === 1 ? key.toLowerCase() : key];
}
