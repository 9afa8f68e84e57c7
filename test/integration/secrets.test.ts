import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import type { Inventory, Jwt, NewClientCertificate } from "@pi-controller/schema";
import {
  PasswordHasher,
  PasswordKeyring,
  parseApiToken,
  parseJoinToken,
  Trust,
  TrustStore,
  toBase64Url,
} from "@pi-controller/security";
import { buildRequest } from "@pi-controller/security/testing";
import { afterAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { setupCodeIn } from "../../scripts/mesh-setup.ts";
import {
  addUser,
  approve,
  asStranger,
  bearerOf,
  json,
  logIn,
  makeApiToken,
  makeJoinToken,
  nodeOf,
  revoke,
} from "../support/acts.ts";
import { allSee, Cleanup, joinByToken, PeerProcess } from "../support/peer-process.ts";
import { clientOf, drive, levelOf, reserveOutput, tokenOf } from "../support/pins.ts";
import { encodingsOf } from "../support/secrets.ts";
import { copyCard, readCard } from "../support/stolen-card.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** What was secret in the run: by what it is, with the files that may hold it. */
const secrets = new Map<string, { readonly value: string; readonly mayBeIn: readonly string[] }>();
function keep(what: string, value: string | undefined, mayBeIn: readonly string[] = []): void {
  if (value === undefined || value.length < 10) throw new Error(`There is no ${what}`);
  secrets.set(what, { value, mayBeIn });
}

async function start(name: string, joinToken?: string): Promise<PeerProcess> {
  const dataDirectory = join(cleanup.temporaryDirectory(), name);
  if (joinToken !== undefined) {
    mkdirSync(dataDirectory, { mode: 0o700 });
    writeFileSync(join(dataDirectory, "join-token"), joinToken, { mode: 0o600 });
  }
  const flags = ["--no-mdns", "--log-level", "debug"];
  return cleanup.peer(await PeerProcess.start({ name, dataDirectory, flags }));
}

/** All that an admin can read of a peer, and what strangers are told. */
async function answersOf(peer: PeerProcess): Promise<string> {
  const { items } = (await peer.request("/api/v1/inventory")).body as Inventory;
  const texts: string[] = [];
  for (const { name, protocol } of items) {
    const [method, path = ""] = name.split(" ");
    if (protocol !== "rest" || method !== "GET") continue;
    const node = await nodeOf(peer);
    const filled = path.replace("{id}", path.includes("users") ? "user-0000000000000000" : node);
    for (const query of ["", "?all=true", "?limit=500"]) {
      for (const headers of [bearerOf(peer.access.apiToken), {}]) {
        const answer = await fetch(peer.url + filled + query, { headers, redirect: "manual" });
        texts.push(JSON.stringify([...answer.headers]), await answer.text());
      }
    }
  }
  return texts.join("\n");
}

/** Everything that comes over the event stream from now on. */
function follow(peer: PeerProcess): { text: string } {
  const heard = { text: "" };
  const socket = new WebSocket(`${peer.url.replace("http", "ws")}/api/v1/events`, {
    headers: bearerOf(peer.access.apiToken),
  });
  socket.on("message", (data) => {
    if (Buffer.isBuffer(data)) heard.text += data.toString();
  });
  socket.on("error", () => {
    // The peer ends before the stream does.
  });
  cleanup.add(() => socket.terminate());
  return heard;
}

/** Secrets where they do not belong, as people put them there by mistake. */
async function misplace(peer: PeerProcess, secret: string): Promise<void> {
  const ask = asStranger(peer);
  await ask("/api/v1/session", json("POST", { userName: secret, password: "wrong-password" }));
  await ask("/api/v1/session", json("POST", { userName: "admin", password: secret }));
  await ask("/api/v1/session", json("POST", { [secret]: secret }));
  await ask("/api/v1/session", {
    method: "POST",
    body: `{"password":"${secret}`,
    headers: json("POST", {}).headers,
  });
  // What looks like an id is one, to whoever reads it there.
  if (!/^[a-z0-9]{16}$/.test(secret)) {
    await peer.send("POST", `/api/v1/api-tokens/${encodeURIComponent(secret)}/revoke`, { password: secret });
  }
  await peer.request(`/api/v1/events?type=${encodeURIComponent(secret)}`);
  await peer.send("POST", "/api/v1/users", {
    name: secret,
    roles: [],
    newPassword: secret,
    // Not his own, or there would be a user of that name.
    password: "wrong-password",
  });
  await peer.request("/api/v1/mesh", { headers: { authorization: `Bearer ${secret}x` } });
  await peer.request("/api/v1/mesh", { headers: { cookie: `session-x=${secret}` } });
}

/**
 * Has one peer reserve and drive a pin of another one, and leave a value for it while it is away: what was signed for that
 * crosses the wire, and the last of it is kept in the shared document.
 *
 * @returns what the API tells of it meanwhile
 */
async function usePins(peer: PeerProcess, owner: PeerProcess): Promise<string> {
  const client = clientOf(peer);
  const pump = await reserveOutput(client, await nodeOf(owner), "GPIO18", { ttlMs: null });
  await drive(client, pump, "high");
  owner.signal("SIGSTOP");
  const write = { token: tokenOf(pump), value: { level: "low" }, applyWithinMs: 600_000 } as const;
  const left = await waitFor(
    "the value is left",
    async () => (await client.gpio.write(pump.id, write)).pending !== null,
    { withinMs: 20_000, everyMs: 100 },
  ).then(async () => Promise.all([client.gpio.get(pump.id), client.gpio.list()]));
  owner.signal("SIGCONT");
  await waitFor("it is written", async () => (await levelOf(client, pump)) === "low", { withinMs: 20_000 });
  await client.gpio.release(pump.id, { token: tokenOf(pump) });
  return JSON.stringify(left);
}

/** How every token of a kind begins. */
function beginningOf(type: string): string {
  const header = Buffer.from(`{"alg":"EdDSA","typ":"${type}","kid":`).toString("base64url");
  return header.slice(0, -2);
}

it("no secret of a whole run is in any log, event, document, file, metric or answer", async () => {
  const first = await start("pi-a");
  const firstCode = await setupCodeIn(first.dataDirectory);
  const access = await first.claim("secrets");
  const streams = [follow(first)];
  const second = await start("pi-b");
  const secondCode = await setupCodeIn(second.dataDirectory);
  await approve(first, second, { code: "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ" });
  expect((await approve(first, second)).status).toBe(200);
  const joinToken = await makeJoinToken(first);
  const third = await start("pi-c", joinToken.token);
  await waitFor("the second one serves", async () => (await second.request("/readyz")).status === 200, {
    withinMs: 15_000,
  });
  for (const peer of [second, third]) peer.useAccess(access);
  await joinByToken(first, third);
  await allSee([first, second, third], ["pi-a", "pi-b", "pi-c"], "alive", 20_000);
  streams.push(follow(second));

  const mona = await addUser(second, "mona", ["operator"]);
  await waitFor("mona is known", async () => (await logIn(third, mona)).cookie !== "", {
    withinMs: 10_000,
    everyMs: 500,
  });
  const { cookie } = await logIn(third, mona);
  const apiToken = await makeApiToken(third, mona, { cookie });
  const jwt = (await third.request("/api/v1/session/jwt", { method: "POST", headers: { cookie } }))
    .body as Jwt;
  const newPassword = "another-long-password-of-mona";
  const change = json("PUT", { password: mona.password, newPassword });
  const changed = await third.request("/api/v1/session/password", {
    ...change,
    headers: { ...change.headers, cookie },
  });
  expect(changed.status).toBe(204);
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issued = await first.send("POST", "/api/v1/client-certificates", {
    userId: mona.id,
    name: "ci",
    request: buildRequest("ci", keys),
    expiresInDays: 1,
    password: access.password,
  });
  expect(issued.status, JSON.stringify(issued.body)).toBe(201);
  expect((issued.body as NewClientCertificate).certificate).toContain("BEGIN CERTIFICATE");

  // On purpose the one secret that a log shows: of a node that belongs to nobody.
  keep("set-up code of the first", firstCode, ["log of pi-a"]);
  keep("set-up code of the second", secondCode, ["log of pi-b"]);
  keep("admin's password", access.password);
  keep("admin's token", access.apiToken);
  keep("key of the admin's token", toBase64Url(parseApiToken(access.apiToken)?.seed ?? new Uint8Array()));
  keep("join token", joinToken.token);
  keep("key of the join token", toBase64Url(parseJoinToken(joinToken.token)?.seed ?? new Uint8Array()));
  keep("mona's password", mona.password);
  keep("mona's new password", newPassword);
  keep("mona's token", apiToken);
  keep("key of mona's token", toBase64Url(parseApiToken(apiToken)?.seed ?? new Uint8Array()));
  keep("mona's session", cookie.split("=")[1]);
  keep("mona's JWT", jwt.token);
  keep("key of the client certificate", keys.privateKey.export({ format: "jwk" }).d);
  for (const { value } of [...secrets.values()]) await misplace(second, value);
  await first.request("/api/v1/audit?node=" + (await nodeOf(second)));
  const ofPins = await usePins(first, second);
  const answers = [await answersOf(first), await answersOf(second), ofPins].join("\n");
  await revoke(first, await nodeOf(third));
  await waitFor("the third one is gone", async () => (await third.session()).state === "unclaimed", {
    withinMs: 15_000,
  });
  const afterwards = await answersOf(first);
  for (const peer of [first, second, third]) await peer.kill("SIGTERM");

  // What is deeper: with the admin's password it can be opened from a copy of the card.
  const card = await readCard(cleanup, copyCard(cleanup, first));
  keep("mesh secret", toBase64Url(card.meshSecret));
  keep("identity of the first", toBase64Url(card.privateKey.raw.subarray(0, 32)), ["pi-a: /identity.key"]);
  const keyring = new PasswordKeyring({
    trust: card.trust,
    hasher: new PasswordHasher({ clock: systemClock() }),
  });
  const admin = [...card.trust.view.users.values()].find(({ name }) => name === "admin");
  const authority = await keyring.unlockAuthority(admin?.id ?? "", access.password);
  keep("authority", toBase64Url(authority.seed));
  keep("root key", toBase64Url(authority.rootKey));
  keep("admin's key", toBase64Url(authority.user.seed));
  const places = new Map<string, Buffer>();
  const text = (name: string, content: string) => places.set(name, Buffer.from(content));
  text("answers", answers + afterwards);
  for (const [index, stream] of streams.entries()) text(`event stream ${index}`, stream.text);
  for (const peer of [first, second, third]) {
    text(`log of ${peer.name}`, peer.log);
    for (const entry of readdirSync(peer.dataDirectory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile())
        places.set(`${peer.name}: ${path.slice(peer.dataDirectory.length)}`, readFileSync(path));
    }
  }
  // That all of it was really looked at.
  expect([...places.keys()].map((name) => basename(name))).toEqual(
    expect.arrayContaining(["trust.db", "audit.db", "events.db", "sessions.db", "log of pi-c"]),
  );
  expect(places.get("answers")?.includes("# TYPE ")).toBe(true);
  expect(places.get("event stream 1")?.includes("security.user.changed")).toBe(true);
  expect(places.get("log of pi-b")?.includes('"level":"debug"')).toBe(true);

  const leaks: string[] = [];
  for (const [what, { mayBeIn, value }] of secrets) {
    const forms = encodingsOf(value);
    for (const [place, content] of places) {
      if (mayBeIn.includes(place)) continue;
      if (forms.some((form) => content.includes(form))) leaks.push(`${what} in ${place}`);
    }
  }
  // Whoever has the shared document has what users signed for later, which is good for that and nothing else.
  const intent = beginningOf("pi-intent+jwt");
  const ofDocuments = [...places].filter(([place]) => place.includes("/documents"));
  expect(ofDocuments.some(([, content]) => content.includes(intent))).toBe(true);
  for (const [place, content] of places) {
    if (content.includes(beginningOf("pi-evidence+jwt"))) leaks.push(`evidence in ${place}`);
    if (!place.includes("/documents") && content.includes(intent)) leaks.push(`an intent in ${place}`);
  }
  expect(leaks).toEqual([]);
}, 120_000);

it("a set-up code is in the log of its own node alone, while that belongs to nobody", async () => {
  const node = await start("pi-d");
  const code = await setupCodeIn(node.dataDirectory);
  expect(node.log).toContain(code);
  await node.claim("codes");
  await node.kill("SIGTERM");
  const again = cleanup.peer(await node.again(["--log-level", "debug"]));
  expect(again.log).not.toContain(code);
  expect(readdirSync(again.dataDirectory)).not.toContain("setup-code");
  const store = TrustStore.open(copyCard(cleanup, again));
  if (store === undefined) throw new Error("It is a member");
  const trust = Trust.load({ store, clock: systemClock(), logger: silentLogger }, { buildDateMs: 0 });
  cleanup.add(() => trust.close());
  expect(JSON.stringify(trust.envelopes())).not.toContain(code);
});
