// What the holder of a card can try with it.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { Membership, openGate } from "@pi-controller/mesh";
import { selfReportSigner } from "@pi-controller/mesh/libp2p";
import { silentLogger, sleep, systemClock, systemRandom } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { type Envelope, toBase64Url } from "@pi-controller/security";
import {
  ADMIT_METHOD,
  buildCertificate,
  codeKey,
  encodeMessage,
  HELLO_METHOD,
  leafTemplate,
  NONCE_BYTES,
  PROVE_METHOD,
  proofOf,
  transcriptOf,
} from "@pi-controller/security/testing";
import { expect } from "vitest";
import { setupCodeIn } from "../../scripts/mesh-setup.ts";
import { nodeOf } from "./acts.ts";
import type { Cleanup, PeerProcess } from "./peer-process.ts";
import type { Rogue, StolenCard } from "./stolen-card.ts";
import { startStranger } from "./strangers.ts";

/** Has the attacker run the enrolment protocol with a pending node whose code he knows. */
export async function expectNotAdmitted(
  cleanup: Cleanup,
  { trust }: StolenCard,
  pending: PeerProcess,
  forged: readonly Envelope[],
): Promise<void> {
  const code = await setupCodeIn(pending.dataDirectory);
  const asker = await startStranger(cleanup, { meshName: "pending" });
  const node = await nodeOf(pending);
  asker.addressBook.add(node, [pending.meshAddress]);
  const { meshId } = trust;
  const send = (method: string, message: object) =>
    asker.network.request(node, method, encodeMessage(message), { timeoutMs: 5_000 });
  const ask = async (method: string, message: object) => {
    const answer = await send(method, message).catch(async (error: unknown) => {
      // The first request on a new connection may come before that node knows where it is from.
      if (!(error instanceof MeshError) || error.details.retryAfterMs === undefined) throw error;
      await sleep(systemClock(), error.details.retryAfterMs);
      return send(method, message);
    });
    return JSON.parse(Buffer.from(answer).toString()) as Record<string, string>;
  };
  for (const more of [[], ...forged.map((envelope) => [envelope])]) {
    const memberNonce = randomBytes(NONCE_BYTES);
    const greeting = await ask(HELLO_METHOD, { version: 1, meshId, nonce: toBase64Url(memberNonce) });
    const pendingNonce = Buffer.from(greeting["nonce"] ?? "", "base64url");
    const conversation = { meshId, member: asker.network.self, pending: node, memberNonce, pendingNonce };
    const proof = toBase64Url(proofOf(codeKey(code), transcriptOf(conversation, "member")));
    const proven = await ask(PROVE_METHOD, { attempt: greeting["nonce"], proof });
    // The code was right: what is refused is what follows.
    expect(proven["proof"]).toEqual(expect.any(String));
    const envelopes = [...trust.envelopes(), ...more];
    await expect(ask(ADMIT_METHOD, { attempt: greeting["nonce"], envelopes })).rejects.toThrow();
  }
  expect((await pending.session()).state).toBe("unclaimed");
}

/** Serves TLS with a leaf that the card's own authority signs, and asks it by that name. */
export async function tlsAs(cleanup: Cleanup, card: StolenCard, name: string): Promise<string> {
  const authority = card.trust.view.certificates.get(card.node)?.certificate ?? "";
  const authorityKey = createPrivateKey(readFileSync(join(card.directory, "node-authority.key")));
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = { dnsNames: [name], ipAddresses: [] };
  const leaf = buildCertificate(leafTemplate({ name, key: publicKey, names }, Date.now()), {
    commonName: "pi-s authority",
    privateKey: authorityKey,
    publicKey: createPublicKey(authorityKey),
  });
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  const server = createTlsServer({ key, cert: leaf + authority, minVersion: "TLSv1.3" }, (socket) =>
    socket.end(),
  );
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return new Promise((resolve) => {
    const ca = card.trust.view.rootCertificate;
    const socket = connectTls({ host: "127.0.0.1", port, ca, servername: name }, () => {
      socket.destroy();
      resolve("trusted");
    });
    socket.on("error", (error) => resolve(error.message));
  });
}

/** Every text in the databases of the card that could be taken for a credential. */
export function storedStrings(card: StolenCard): string[] {
  const found = new Set<string>();
  for (const row of storedSessions(card)) {
    for (const value of Object.values(row)) if (typeof value === "string") found.add(value);
  }
  const { trust } = card;
  for (const { publicKey, id } of trust.view.apiTokens.values()) {
    found.add(publicKey);
    found.add(`pic_${id}_${publicKey}`);
  }
  for (const { publicKey } of trust.view.joinTokens.values()) found.add(publicKey);
  for (const { verifier } of trust.view.credentials.values()) found.add(verifier);
  return [...found].filter((text) => text.length > 8 && text.length < 8_000);
}

function storedSessions(card: StolenCard): Record<string, unknown>[] {
  const database = new DatabaseSync(join(card.directory, "sessions.db"), { readOnly: true });
  try {
    return database
      .prepare("SELECT body FROM sessions")
      .all()
      .map((row) => JSON.parse(String(row["body"])) as Record<string, unknown>);
  } finally {
    database.close();
  }
}

/** What could pass for a delegation of a user: there were sessions when the card was taken. */
export function storedDelegations(card: StolenCard): string[] {
  const sessions = storedSessions(card);
  expect(sessions.length).toBeGreaterThan(0);
  return sessions.flatMap((session) =>
    Object.values(session).filter(
      (value): value is string => typeof value === "string" && value.length > 100,
    ),
  );
}

/** Whether any of the peers lets somebody in. */
export async function isLetIn(
  cleanup: Cleanup,
  card: StolenCard,
  victims: Rogue["victims"],
  privateKey: StolenCard["privateKey"],
): Promise<boolean> {
  const { addressBook, network } = await startStranger(cleanup, { privateKey, meshSecret: card.meshSecret });
  const outcomes = [];
  for (const { node, address } of victims) {
    addressBook.add(node, [address]);
    const hello = new TextEncoder().encode(
      JSON.stringify({ kind: "hello", meshId: card.trust.meshId, hash: "" }),
    );
    outcomes.push(
      await network.request(node, "trust.introduction", hello, { timeoutMs: 3_000 }).then(
        () => true,
        () => false,
      ),
    );
  }
  await network.stop();
  return outcomes.includes(true);
}

/** Says in the name of another node, with the key of the card, that it has left. */
export async function sayItLeft(card: StolenCard, { stranger }: Rogue, node: NodeId): Promise<void> {
  const { gossip, network } = stranger;
  const posing = new Membership(
    {
      network: {
        name: "posing",
        self: node,
        start: async () => undefined,
        stop: async () => undefined,
        dial: (to, timeoutMs) => network.dial(to, timeoutMs),
        disconnect: (peer) => network.disconnect(peer),
        request: (peer, method, payload, options) => network.request(peer, method, payload, options),
        handle: (method, handler) => network.handle(method, handler),
        observe: (listener) => network.observe(listener),
        status: () => network.status(),
      },
      gossip,
      gate: openGate,
      signer: selfReportSigner(card.privateKey),
      clock: systemClock(),
      random: systemRandom(),
      logger: silentLogger,
    },
    { bootEpoch: 1_000_000 },
  );
  await posing.start();
  await posing.leave();
  await posing.stop();
}
