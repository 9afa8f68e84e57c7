import { createServer } from "node:http";
import type { Server } from "node:net";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { AddressBook } from "../address-book.ts";
import { openGate } from "../gate/gate.ts";
import { libp2pNetwork } from "./libp2p-network.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function startNetwork() {
  const { network } = libp2pNetwork(
    {
      privateKey: await generateKeyPair("Ed25519"),
      addressBook: new AddressBook(),
      clock: systemClock(),
      gate: openGate,
      logger: silentLogger,
    },
    { listen: ["/ip4/127.0.0.1/tcp/0"], meshName: "dial-error", maxConnections: 10 },
  );
  await network.start(new AbortController().signal);
  closers.push(() => network.stop());
  return network;
}

function listening(server: Server): Promise<string> {
  closers.push(() => server.close());
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(`/ip4/127.0.0.1/tcp/${typeof address === "object" ? address?.port : 0}`);
    });
  });
}

describe("a dial that fails", () => {
  it("says that what answers is no peer, when it is a web server", async () => {
    const network = await startNetwork();
    const address = await listening(createServer());
    const result = await network.dial({ addresses: [address] }, 3_000);
    expect(result).toMatchObject({
      outcome: "unreachable",
      reason: expect.stringContaining("what answers there is no peer"),
    });
  });

  it("says that it is this peer itself", async () => {
    const network = await startNetwork();
    const result = await network.dial({ addresses: network.status().addresses }, 3_000);
    expect(result).toMatchObject({
      outcome: "unreachable",
      reason: expect.stringContaining("this is the peer itself"),
    });
  });
});
