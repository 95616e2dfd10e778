/** What a WebSocket frame carries. */
export const Opcode = { text: 1, binary: 2 } as const;

/**
 * A whole, unmasked WebSocket frame (RFC 6455, 5.2), as a server sends it: made once, written to as many sockets as want it.
 */
export function webSocketFrame(opcode: (typeof Opcode)[keyof typeof Opcode], payload: Uint8Array): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + length);
  frame[0] = 0x80 | opcode;
  if (extended === 0) frame[1] = length;
  else if (extended === 2) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, 2 + extended);
  return frame;
}

/** A message as the frame that carries it. */
export function textFrame(message: object): Buffer {
  return webSocketFrame(Opcode.text, Buffer.from(JSON.stringify(message)));
}
