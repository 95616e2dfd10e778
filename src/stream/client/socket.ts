/** A WebSocket of whatever there is: the browser's or Node's own, or that of `ws` where Node has none. */
export interface Socket {
  onMessage: (data: string | ArrayBuffer) => void;
  onClose: (code: number, reason: string) => void;
  send(text: string): void;
  close(): void;
}

/** What browsers, Node and `ws` have in common. */
interface StandardSocket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

type StandardSocketClass = new (url: string, protocol: string) => StandardSocket;

async function socketClass(): Promise<StandardSocketClass> {
  const own = (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof own === 'function') return own as StandardSocketClass;
  const { WebSocket } = await import('ws');
  return WebSocket as unknown as StandardSocketClass;
}

/** Resolves when the socket is open. Messages that come before the caller has put its handlers are kept for it. */
export async function openSocket(url: string, protocol: string): Promise<Socket> {
  const Class = await socketClass();
  const inner = new Class(url, protocol);
  inner.binaryType = 'arraybuffer';
  const early: (string | ArrayBuffer)[] = [];
  let onMessage = (data: string | ArrayBuffer): void => {
    early.push(data);
  };
  const socket: Socket = {
    get onMessage() {
      return onMessage;
    },
    set onMessage(handler) {
      onMessage = handler;
      for (const data of early.splice(0)) handler(data);
    },
    onClose: () => undefined,
    send: (text) => inner.send(text),
    close: () => inner.close(),
  };
  inner.onmessage = ({ data }) => onMessage(data as string | ArrayBuffer);
  await new Promise<void>((resolve, reject) => {
    inner.onopen = () => resolve();
    inner.onerror = () => undefined;
    inner.onclose = ({ code, reason }) => {
      reject(new Error(`no WebSocket at ${url.split('?')[0]}`));
      socket.onClose(code, reason);
    };
  });
  return socket;
}
