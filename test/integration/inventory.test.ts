import { multiaddr } from "@multiformats/multiaddr";
import { type Inventory, MeshError } from "@pi-controller/schema";
import { TrustIntroduction } from "@pi-controller/security";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { addUser, bearerOf, logIn, nodeOf, type Person } from "../support/acts.ts";
import { Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { copyCard, readCard, type StolenCard } from "../support/stolen-card.ts";
import { type StrangerOptions, speak, startBareNode, startStranger } from "../support/strangers.ts";
import { waitFor } from "../support/wait.ts";

/** All that a stranger may ask a member for. A line here is a decision: see SECURITY.md. */
const PUBLIC = [
  "GET /api/v1/certificates/root",
  "GET /api/v1/enrolment/revocation",
  "GET /api/v1/oidc/callback",
  "GET /api/v1/oidc/login",
  "GET /api/v1/session",
  "GET /healthz",
  "GET /readyz",
  "GET /root.crt",
  "GET /root.pem",
  "POST /api/v1/enrolment/knock",
  "POST /api/v1/session",
];
/** What everybody who has logged in may ask for, whatever his roles: what is his own, and what the API is like. */
const OWN = [
  "DELETE /api/v1/session",
  "DELETE /api/v1/sessions/{id}",
  "GET /api/v1/api-tokens",
  "GET /api/v1/client-certificates",
  "GET /api/v1/openapi.json",
  "GET /api/v1/sessions",
  "POST /api/v1/api-tokens",
  "POST /api/v1/api-tokens/{id}/revoke",
  "POST /api/v1/session/jwt",
  "PUT /api/v1/session/password",
];

const cleanup = new Cleanup();
let member: PeerProcess;
let node: string;
let card: StolenCard;
let items: Inventory["items"];
let nemo: Person;

beforeAll(async () => {
  const [first, other] = await startMesh(cleanup, 2, { meshName: "inventory" });
  if (first === undefined || other === undefined) throw new Error("Two peers were started");
  member = first;
  node = await nodeOf(member);
  nemo = await addUser(member, "nemo", []);
  await other.kill("SIGKILL");
  card = await readCard(cleanup, copyCard(cleanup, other));
  items = ((await member.request("/api/v1/inventory")).body as Inventory).items;
});
afterAll(() => cleanup.run());

const names = (protocol: string) =>
  items.filter((item) => item.protocol === protocol).map(({ name }) => name);

/** The status of a request of a route, with something in the place of each parameter. */
async function statusOf(route: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const [method = "", path = ""] = route.split(" ");
  const filled = path
    .replace("{fingerprint}", "0".repeat(64))
    .replace("{name}", "gardener")
    .replace("{namespace}", "garden")
    .replace("{bus}", "1")
    .replace("{id}", path.includes("nodes") ? node : "0".repeat(16));
  const answer = await fetch(member.url + filled, { method, headers, redirect: "manual" });
  await answer.text();
  return answer.status;
}

function handshake(path: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const socket = new WebSocket(member.url.replace("http", "ws") + path, { headers });
  cleanup.add(() => socket.terminate());
  return new Promise((resolve) => {
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    socket.on("open", () => resolve(101));
    socket.on("error", (error) => resolve(error.message));
  });
}

describe("the REST routes of a member", () => {
  it("are on the short list of public ones, or refuse strangers", async () => {
    const routes = names("rest");
    expect(routes.length).toBeGreaterThan(40);
    const open: string[] = [];
    for (const route of routes) {
      if ((await statusOf(route)) !== 401) open.push(route);
    }
    expect(open.sort()).toEqual(PUBLIC);
    // Nor does something that only looks like a token help.
    const guarded = routes.filter((route) => !PUBLIC.includes(route)).slice(0, 4);
    for (const route of guarded) {
      expect(await statusOf(route, bearerOf("pic_0000000000000000_nothing")), route).toBe(401);
    }
    const listed = items.filter(({ access, protocol }) => protocol === "rest" && access === "public");
    expect(listed.map(({ name }) => name).sort()).toEqual(PUBLIC);
  });

  it("refuse whoever has no role, but for what is his own", async () => {
    const { cookie } = await logIn(member, nemo);
    const allowed: string[] = [];
    for (const route of names("rest").filter((name) => !PUBLIC.includes(name) && !OWN.includes(name))) {
      const status = await statusOf(route, { cookie });
      if (status !== 403) allowed.push(`${route} ${status}`);
    }
    expect(allowed).toEqual([]);
    // Everybody's is not his own.
    for (const path of ["sessions", "api-tokens", "client-certificates"]) {
      expect((await member.request(`/api/v1/${path}`, { headers: { cookie } })).status).toBe(200);
      expect((await member.request(`/api/v1/${path}?all=true`, { headers: { cookie } })).status).toBe(403);
    }
    const own = items.filter(({ access, protocol }) => protocol === "rest" && access === "authenticated");
    expect(own.map(({ name }) => name).sort()).toEqual(OWN);
  });

  it("are all there are: what is not in the inventory is not found, or the UI's", async () => {
    for (const path of [
      "/api/v1/",
      "/api/v1/setup",
      "/api/v2/nodes",
      "/metrics/",
      "/debug",
      "/api/v1/nodes/x/y",
    ]) {
      const answer = await fetch(member.url + path, { redirect: "manual" });
      const text = await answer.text();
      const isPage = answer.headers.get("content-type")?.startsWith("text/html") === true;
      expect(isPage ? 404 : answer.status, `${path}: ${text.slice(0, 200)}`).toBeGreaterThanOrEqual(400);
    }
  });
});

describe("the WebSockets of a member", () => {
  it("refuse strangers, and whoever has no role", async () => {
    const sockets = names("websocket");
    expect(sockets).toEqual(["/api/v1/events", "/api/v1/gpio/changes"]);
    const { cookie } = await logIn(member, nemo);
    for (const path of sockets) {
      expect(await handshake(path, {})).toBe(401);
      expect(await handshake(path, bearerOf("nobody"))).toBe(401);
      expect(await handshake(path, { cookie })).toBe(403);
      expect(await handshake(path, bearerOf(member.access.apiToken))).toBe(101);
    }
  });
});

describe("the peer protocols of a member", () => {
  /** Asks for every method. @returns for each the code of the error, or that it was answered */
  async function codesOf(options: StrangerOptions): Promise<Record<string, string>> {
    const { addressBook, network } = await startStranger(cleanup, options);
    addressBook.add(node, [member.meshAddress]);
    const payload = new TextEncoder().encode("{}");
    const asked = names("request").map(async (method): Promise<[string, string]> => {
      const answer = network.request(node, method, payload, { timeoutMs: 8_000 });
      return answer.then(
        () => [method, "answered"],
        (error: unknown) => [method, error instanceof MeshError ? error.code : String(error)],
      );
    });
    const codes = Object.fromEntries(await Promise.all(asked));
    await network.stop();
    return codes;
  }

  /** Whether somebody hears anything of any topic, while there is something to be told. */
  async function hears(options: StrangerOptions, forMs: number): Promise<boolean> {
    const { addressBook, gossip, network } = await startStranger(cleanup, options);
    let heard = false;
    for (const topic of names("gossip")) {
      gossip.subscribe(topic, () => {
        heard = true;
      });
    }
    addressBook.add(node, [member.meshAddress]);
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs && !heard) {
      await network.dial({ peer: node }, 2_000);
      const news = { address: `127.7.0.${++told}`, name: `news-${told}` };
      expect((await member.send("POST", "/api/v1/nodes", news)).status).toBe(201);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await network.stop();
    return heard;
  }
  let told = 0;

  it("answer members alone: not who has no key of the fence, nor who has it and is no member", async () => {
    const methods = names("request");
    expect(methods.length).toBeGreaterThan(3);
    const { meshSecret, privateKey, trust } = card;
    const refused = Object.fromEntries(methods.map((method) => [method, "UNAVAILABLE"]));
    expect(await codesOf({})).toEqual(refused);
    expect(await codesOf({ meshSecret })).toEqual(refused);
    expect(await codesOf({ privateKey })).toEqual(refused);
    // With both, and with what is exchanged first, every one of them is reached.
    const introduction = new TrustIntroduction({ trust });
    const reached = await codesOf({ meshSecret, privateKey, introduction });
    expect(Object.values(reached)).not.toContain("UNAVAILABLE");
    expect(Object.values(reached)).not.toContain("UNIMPLEMENTED");
    // To be a member is not enough for pins: each request has to show on whose behalf it is made.
    expect(reached).toMatchObject({ "gpio.call": "INVALID_ARGUMENT", "gpio.changes": "INVALID_ARGUMENT" });
  });

  it("gossip with members alone", async () => {
    const { meshSecret, privateKey, trust } = card;
    expect(names("gossip").length).toBeGreaterThan(2);
    const introduction = new TrustIntroduction({ trust });
    expect(await hears({ meshSecret, privateKey, introduction }, 15_000)).toBe(true);
    expect(await hears({}, 2_000)).toBe(false);
    expect(await hears({ meshSecret }, 2_000)).toBe(false);
    await waitFor("nobody is connected", async () => (await member.mesh()).connections.length === 0, {
      withinMs: 10_000,
    });
  });

  it("are requests, gossip and what gossip needs, and nothing else of libp2p's", async () => {
    const { protocols } = await startStranger(cleanup);
    const kinds = new Set(
      protocols.map((protocol) => protocol.replace(/\/\d+(\.\d+)*$/, "").replace("/pi-controller/mesh", "")),
    );
    expect([...kinds].sort()).toEqual(["/id", "/meshsub", "/request"]);
    // Without the key of the fence not even Noise is spoken, whatever is asked for.
    const bare = await startBareNode(cleanup);
    const [protocol = ""] = protocols;
    expect(await speak(bare, multiaddr(member.meshAddress), protocol)).toBe("no connection");
  });
});
