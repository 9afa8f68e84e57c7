import { createServer, type Server, type Socket } from "node:net";
import { describeNetworkContract } from "../network-contract.ts";
import { createTestPeer } from "./testing.ts";

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

describeNetworkContract("libp2pNetwork", async () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  return {
    createPeer: (trust) => createTestPeer(trust),
    passTime: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
    async refusingAddress() {
      const server = createServer();
      const port = await listen(server);
      await new Promise((resolve) => server.close(resolve));
      return `/ip4/127.0.0.1/tcp/${port}`;
    },
    async silentAddress() {
      const server = createServer((socket) => sockets.push(socket));
      servers.push(server);
      return `/ip4/127.0.0.1/tcp/${await listen(server)}`;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
});
