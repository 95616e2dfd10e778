import type { Box } from '../../common/index.js';
import type { ServerMessage } from '../protocol/index.js';
import type { ConnectionState } from './connection.js';

/** The connection in words. */
export function connectionText(state: ConnectionState, now: number): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting…';
    case 'open':
      return 'Connected';
    case 'token':
      return 'Token needed';
    case 'waiting':
      return `Connection lost. Trying again in ${Math.max(0, Math.ceil((state.at - now) / 1000))} s (attempt ${state.attempt}).`;
  }
}

/** A box for those who listen: whole pixels. */
export function boxText([x, y, width, height]: Box): string {
  return `${Math.round(width)} by ${Math.round(height)} at ${Math.round(x)}, ${Math.round(y)}`;
}

/** What an event means to a person; undefined where it is not worth a word. */
export function eventText(
  event: Extract<ServerMessage, { type: 'target' | 'stream' }>,
  nameOf: (target: { readonly id: string; readonly label?: string | undefined }) => string,
): string | undefined {
  const { stream } = event;
  if (event.type === 'target') {
    const name = nameOf({ id: event.target, label: event.label });
    switch (event.event) {
      case 'added':
        return `${name} is followed from frame ${event.frame}`;
      case 'reinitialised':
        return `${name} was redrawn on frame ${event.frame}`;
      case 'lost':
        return `${name} was lost`;
      case 'found':
        return `${name} was found again`;
      case 'removed':
        return event.reason === 'failed' ? `${name} failed and was removed` : `${name} was removed`;
    }
  }
  switch (event.event) {
    case 'added':
      return `Stream ${stream} was added`;
    case 'removed':
      return `Stream ${stream} was removed`;
    case 'stalled':
      return `Stream ${stream}: no frames`;
    case 'reconnecting':
      return `Stream ${stream} is opened again (attempt ${event.attempt ?? 1})`;
    case 'error':
      return `Stream ${stream} failed: ${event.message ?? event.code ?? 'no reason was given'}`;
    case 'ended':
      return `Stream ${stream} has ended`;
    case 'paused':
      return `Stream ${stream} is paused`;
    case 'resumed':
      return `Stream ${stream} goes on`;
    case 'changed': {
      const { size } = event.info;
      return `Stream ${stream} is now ${size?.width} by ${size?.height} pixels`;
    }
    case 'live':
      return event.info.counts.reconnects > 0 ? `Stream ${stream} is back` : undefined;
    default:
      return undefined;
  }
}

/** Times per second. */
export function rateText(rate: number | undefined): string {
  return rate === undefined ? '–' : `${rate.toFixed(1)}/s`;
}

/** Milliseconds. */
export function delayText(delay: number | undefined): string {
  if (delay === undefined) return '–';
  return delay < 1000 ? `${Math.max(0, Math.round(delay))} ms` : `${(delay / 1000).toFixed(1)} s`;
}
