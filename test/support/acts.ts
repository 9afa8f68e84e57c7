// What people do in a mesh, through the API of one of its peers.
import { type AskApi, bearer, setupCodeIn } from "../../scripts/mesh-setup.ts";
import type { JsonAnswer, PeerProcess } from "./peer-process.ts";

export interface Person {
  readonly id: string;
  readonly userName: string;
  readonly password: string;
}

/** The peer id of a peer. */
export async function nodeOf(peer: PeerProcess): Promise<string> {
  return (await peer.session()).node;
}

/** Logs in as a browser does. @returns the `Cookie` header */
export async function logIn(
  peer: PeerProcess,
  { userName, password }: Pick<Person, "userName" | "password">,
): Promise<{ readonly cookie: string }> {
  const answer = await asStranger(peer)("/api/v1/session", json("POST", { userName, password }));
  expectStatus(answer, 200, "log in");
  return { cookie: answer.headers["set-cookie"]?.split(";")[0] ?? "" };
}

/** Adds a user with a password of his own. */
export async function addUser(
  peer: PeerProcess,
  userName: string,
  roles: readonly string[],
): Promise<Person> {
  const person = { userName, password: `${userName}-has-a-long-password` };
  const body = { name: userName, roles, newPassword: person.password, password: peer.access.password };
  const answer = await peer.send("POST", "/api/v1/users", body);
  expectStatus(answer, 201, "add a user");
  return { ...person, id: (answer.body as { id: string }).id };
}

/** Makes an API token for whoever is logged in. @returns the token itself */
export async function makeApiToken(
  peer: PeerProcess,
  { password }: Pick<Person, "password">,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const request = json("POST", { name: "test", expiresInDays: 1, password });
  const answer = await peer.request("/api/v1/api-tokens", {
    ...request,
    headers: { ...request.headers, ...headers },
  });
  expectStatus(answer, 201, "make an API token");
  return (answer.body as { token: string }).token;
}

/** Makes a join token. */
export async function makeJoinToken(
  peer: PeerProcess,
  limits: { readonly uses?: number; readonly expiresInHours?: number } = {},
): Promise<{ readonly id: string; readonly token: string }> {
  const body = { uses: 1, expiresInHours: 1, ...limits, password: peer.access.password };
  const answer = await peer.send("POST", "/api/v1/join-tokens", body);
  expectStatus(answer, 201, "make a join token");
  return answer.body as { id: string; token: string };
}

/** Has a member find a peer that belongs to no mesh, without multicast. @returns its peer id */
export async function findPending(member: PeerProcess, pending: PeerProcess): Promise<string> {
  const answer = await member.send("POST", "/api/v1/pending-nodes", { address: pending.meshAddress });
  expectStatus(answer, 200, "look for a pending node");
  return (answer.body as { id: string }).id;
}

/** Enters the set-up code of a pending peer at a member, and the acting admin's password. */
export async function approve(
  member: PeerProcess,
  pending: PeerProcess,
  options: { readonly code?: string; readonly name?: string } = {},
): Promise<JsonAnswer> {
  const id = await findPending(member, pending);
  const code = options.code ?? (await setupCodeIn(pending.dataDirectory));
  const name = options.name === undefined ? {} : { name: options.name };
  const body = { code, ...name, password: member.access.password };
  return member.send("POST", `/api/v1/pending-nodes/${id}/approve`, body);
}

/** Cuts a node off for good. */
export async function revoke(member: PeerProcess, node: string): Promise<void> {
  const body = { reason: "stolen", password: member.access.password };
  expectStatus(await member.send("POST", `/api/v1/nodes/${node}/revoke`, body), 204, "revoke");
}

/** Asks without any credential. */
export function asStranger(peer: PeerProcess): AskApi {
  return (path, request) =>
    peer.request(path, { ...request, headers: { ...request?.headers, cookie: "nobody=1" } });
}

/** What comes of asking for something with the given headers. */
export async function statusWith(
  peer: PeerProcess,
  headers: Readonly<Record<string, string>>,
  path = "/api/v1/mesh",
): Promise<number> {
  return (await peer.request(path, { headers })).status;
}

/** The header of an API token or JWT. */
export function bearerOf(token: string): { readonly authorization: string } {
  return bearer({ userName: "", password: "", apiToken: token });
}

/** A request with JSON in it. */
export function json(method: string, body: unknown) {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** What is secret is in no answer that is not 2xx: it can be shown. */
function expectStatus(answer: JsonAnswer, status: number, what: string): void {
  if (answer.status === status) return;
  throw new Error(`Could not ${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
