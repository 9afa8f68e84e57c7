// Sets a mesh up through the API, as a person does through the web UI: for `npm start`, tests and benches.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}
export interface ApiRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
/** Asks one peer's API; `path` as `/api/v1/session`. */
export type AskApi = (path: string, request?: ApiRequest) => Promise<ApiAnswer>;

/** What opens a mesh: to people by name and password, to programs by the token. */
export interface MeshAccess {
  readonly userName: string;
  readonly password: string;
  readonly apiToken: string;
}

const TOKEN_DAYS = 30;
const JOIN_TOKEN_HOURS = 24 * 30;
const JOIN_TOKEN_USES = 1_000;
const CLAIMED_WITHIN_MS = 30_000;
const POLL_MS = 25;

/** A password that nobody guesses and a person can type. */
export function randomPassword(): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  // 32 does not divide by the 31 letters; the little bias costs nothing that matters here.
  return [...randomBytes(16)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

/** The set-up code that an unclaimed peer keeps in its data directory, once it has made it. */
export async function setupCodeIn(dataDirectory: string): Promise<string> {
  const file = join(dataDirectory, "setup-code");
  await until(`${file} is there`, () => Promise.resolve(existsSync(file)));
  return readFileSync(file, "utf8").trim();
}

/** Asks an HTTP API on this machine. */
export function askAt(url: string): AskApi {
  return async (path, request) => {
    const answer = await fetch(url + path, { ...request, signal: AbortSignal.timeout(20_000) });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: text === "" ? undefined : (JSON.parse(text) as unknown),
    };
  };
}

/** Makes a mesh with an unclaimed peer in it, and a token for programs. */
export async function claimMesh(
  ask: AskApi,
  options: { readonly code: string; readonly meshName: string; readonly password?: string },
): Promise<MeshAccess> {
  const userName = "admin";
  const password = options.password ?? randomPassword();
  await until("the peer answers", async () => (await ask("/api/v1/session")).status === 200);
  await send(ask, "/api/v1/setup", { code: options.code, meshName: options.meshName, userName, password });
  await becomesMember(ask);
  const login = await send(ask, "/api/v1/session", { userName, password });
  const cookie = login.headers["set-cookie"]?.split(";")[0] ?? "";
  const request = { name: "set-up", expiresInDays: TOKEN_DAYS, password };
  const made = await send(ask, "/api/v1/api-tokens", request, { cookie });
  await ask("/api/v1/session", { method: "DELETE", headers: { cookie } });
  return { userName, password, apiToken: (made.body as { token: string }).token };
}

/** @returns the text that a peer is given to join by itself */
export async function createJoinToken(ask: AskApi, access: MeshAccess): Promise<string> {
  const request = { expiresInHours: JOIN_TOKEN_HOURS, uses: JOIN_TOKEN_USES, password: access.password };
  const made = await send(ask, "/api/v1/join-tokens", request, bearer(access));
  return (made.body as { token: string }).token;
}

/**
 * Has a member admit a peer that waits with a join token, for networks without multicast, and waits until the peer
 * serves as a member. By multicast it may have been admitted before: then nobody waits at the address any more, and
 * that the member says so is no failure.
 */
export async function joinByToken(
  member: { readonly ask: AskApi; readonly access: MeshAccess },
  peer: { readonly ask: AskApi; readonly address: string },
): Promise<void> {
  const refusal = await lookUpPending(member.ask, member.access, peer.address).then(
    () => undefined,
    (error: unknown) => error,
  );
  await becomesMember(peer.ask).catch((error: unknown) => {
    throw refusal ?? error;
  });
}

/** Tells a member where a peer with a join token waits. */
async function lookUpPending(ask: AskApi, access: MeshAccess, address: string): Promise<void> {
  await send(ask, "/api/v1/pending-nodes", { address }, bearer(access));
}

/** Waits until a peer serves as a member of a mesh. */
export async function becomesMember(ask: AskApi): Promise<void> {
  await until("the peer is a member", async () => {
    const [session, ready] = [await ask("/api/v1/session"), await ask("/readyz")];
    return (session.body as { state?: string }).state === "member" && ready.status === 200;
  });
}

export function bearer(access: MeshAccess): { readonly authorization: string } {
  return { authorization: `Bearer ${access.apiToken}` };
}

async function send(
  ask: AskApi,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const answer = await ask(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  // The answer may hold a secret; an error does not.
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + CLAIMED_WITHIN_MS;
  while (performance.now() < deadlineMs) {
    // Between the set-up page and the member there is a moment when nobody listens.
    if (await condition().catch(() => false)) return;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  throw new Error(`Not within ${CLAIMED_WITHIN_MS} ms: ${what}`);
}
