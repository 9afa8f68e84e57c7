import type { Socket } from "node:net";

/** Type of the record that every TLS handshake begins with (RFC 8446 section 5.1); no method of HTTP does. */
const TLS_HANDSHAKE = 0x16;

export type Protocol = "tls" | "http";

export function protocolOf(firstByte: number): Protocol {
  return firstByte === TLS_HANDSHAKE ? "tls" : "http";
}

/**
 * Looks at the first byte that comes, and puts it back: whoever reads the socket next gets everything.
 *
 * @param decide called once, unless the connection ends before a byte comes; it is destroyed then
 */
export function onFirstByte(socket: Socket, decide: (protocol: Protocol) => void): void {
  socket.once("readable", () => {
    const chunk: unknown = socket.read();
    if (!(chunk instanceof Uint8Array) || chunk[0] === undefined) {
      socket.destroy();
      return;
    }
    socket.unshift(chunk);
    decide(protocolOf(chunk[0]));
  });
}
