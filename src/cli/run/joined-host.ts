import { CommandError, type HostListener, type StreamHost, type StreamInfo } from '../../stream/index.js';

/** Streams of two hosts behind one server; where both have one of a name, it is the first's. */
export class JoinedHost implements StreamHost {
  readonly #first: StreamHost;
  readonly #second: StreamHost;

  constructor(first: StreamHost, second: StreamHost) {
    this.#first = first;
    this.#second = second;
  }

  get streams(): readonly StreamInfo[] {
    const own = this.#first.streams;
    const names = new Set(own.map(({ stream }) => stream));
    return [...own, ...this.#second.streams.filter(({ stream }) => !names.has(stream))];
  }

  listen(listener: HostListener): () => void {
    const hidden = ({ stream }: { readonly stream: string }) => has(this.#first, stream);
    const stop = [
      this.#first.listen(listener),
      this.#second.listen({
        onFrame: (tracked) => hidden(tracked) || listener.onFrame(tracked),
        onTarget: (event) => hidden(event) || listener.onTarget(event),
        onStream: (event) => hidden(event) || listener.onStream(event),
      }),
    ];
    return () => {
      for (const end of stop) end();
    };
  }

  async addTarget(command: Parameters<StreamHost['addTarget']>[0]) {
    return this.#of(command.stream).addTarget(command);
  }

  async reinitTarget(command: Parameters<StreamHost['reinitTarget']>[0]) {
    return this.#of(command.stream).reinitTarget(command);
  }

  removeTarget(stream: string, target: string): void {
    this.#of(stream).removeTarget(stream, target);
  }

  async addStream(command: Parameters<StreamHost['addStream']>[0]): Promise<StreamInfo> {
    const { stream } = command;
    if (has(this.#second, stream))
      throw new CommandError('STREAM_EXISTS', `stream: expected a name that no stream has, got "${stream}"`);
    return this.#first.addStream(command);
  }

  async removeStream(stream: string): Promise<void> {
    return this.#of(stream).removeStream(stream);
  }

  pause(stream: string): void {
    this.#of(stream).pause(stream);
  }

  resume(stream: string): void {
    this.#of(stream).resume(stream);
  }

  async seek(stream: string, to: Parameters<StreamHost['seek']>[1]): Promise<void> {
    return this.#of(stream).seek(stream, to);
  }

  /** The first one answers for names that neither has. */
  #of(stream: string): StreamHost {
    return !has(this.#first, stream) && has(this.#second, stream) ? this.#second : this.#first;
  }
}

function has(host: StreamHost, name: string): boolean {
  return host.streams.some(({ stream }) => stream === name);
}
