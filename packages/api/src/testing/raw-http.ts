import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A bare TCP connection to the server, closed when the test ends. */
export function rawSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Sends bytes as they are; resolves with all that came back when the server has closed. */
export function sendRaw(url: string, bytes: string | Uint8Array): Promise<string> {
  const socket = rawSocket(url);
  socket.write(bytes);
  return untilClosed(socket);
}

export function untilClosed(socket: Socket): Promise<string> {
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    received += text;
  });
  return new Promise((resolve) => {
    // A reset ends it just as well.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
  });
}
