/** Raised by one whenever a message changes in a way that an older reader would misunderstand. */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol a client may offer. A client that offers only others is refused. */
export const SUBPROTOCOL = `siamtrack.v${PROTOCOL_VERSION}`;

/** Where the WebSocket is, on the server's own origin. */
export const SOCKET_PATH = '/ws';
