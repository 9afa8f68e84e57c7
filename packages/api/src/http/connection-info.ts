import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isLoopback, normalAddress } from "./gate-address.ts";

/** How a request came to this peer. */
export interface ConnectionInfo {
  /** Over TLS. */
  readonly secure: boolean;
  /** In their normal form; empty when the client is gone already. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Whether it never left this machine: both ends are on the loopback. */
  readonly loopback: boolean;
  /**
   * SHA-256 of the certificate that the client presented, DER, in lower-case hexadecimal. TLS has proven that the
   * client has its key, and nothing else: who issued it, and whether it is still valid, is to be judged by this.
   */
  readonly clientCertificate?: string;
}

/** Nothing of it changes while a connection lives, and taking a certificate out of TLS is not free. */
const known = new WeakMap<Socket, ConnectionInfo>();

/** What is known of the connection of a request, or of a WebSocket's handshake. */
export function connectionInfo(request: Pick<IncomingMessage, "socket">): ConnectionInfo {
  const { socket } = request;
  const remembered = known.get(socket);
  if (remembered !== undefined) return remembered;
  const tls = isTls(socket) ? socket : undefined;
  const secure = tls !== undefined;
  const ends = endsOf(socket);
  const fingerprint = tls?.getPeerX509Certificate()?.fingerprint256;
  const info: ConnectionInfo = {
    secure,
    ...ends,
    ...(fingerprint === undefined
      ? {}
      : { clientCertificate: fingerprint.replaceAll(":", "").toLowerCase() }),
  };
  if (ends.remoteAddress !== "") known.set(socket, info);
  return info;
}

/** By what Node documents of TLS sockets and not by their class: that is loaded with the first of them. */
function isTls(socket: Socket): socket is TLSSocket {
  return "encrypted" in socket && socket.encrypted === true;
}

/** Where a connection comes from and where it came in. */
export function endsOf(socket: Socket): Pick<ConnectionInfo, "remoteAddress" | "localAddress" | "loopback"> {
  const remoteAddress = normalAddress(socket.remoteAddress ?? "");
  const localAddress = normalAddress(socket.localAddress ?? "");
  return { remoteAddress, localAddress, loopback: isLoopback(remoteAddress) && isLoopback(localAddress) };
}
