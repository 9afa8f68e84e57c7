import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, createClient, type ReservationTerms } from "@pi-controller/client";
import type { GpioView, Level } from "@pi-controller/schema";
import type { PeerProcess } from "./peer-process.ts";

/** A program that talks to one peer. */
export function clientOf(peer: PeerProcess): Client {
  return createClient({ baseUrl: peer.url, credentials: { bearer: peer.access.apiToken } });
}

/** Reserves an output at a node, through any peer. */
export function reserveOutput(
  client: Client,
  node: string,
  resource: string,
  terms: Partial<Omit<ReservationTerms, "node" | "resource">> = {},
): Promise<GpioView> {
  return client.gpio.reserve({ node, resource, mode: { kind: "output" }, ...terms });
}

/** Reserves an input until it is released. */
export function reserveInput(client: Client, node: string, resource: string): Promise<GpioView> {
  return client.gpio.reserve({ node, resource, mode: { kind: "input", edges: "both" }, ttlMs: null });
}

/** The token of a grant. */
export function tokenOf({ id, token }: GpioView): string {
  if (token === null) throw new Error(`${id} is not granted`);
  return token;
}

/** Drives a pin that one holds. */
export function drive(client: Client, held: GpioView, level: Level): Promise<GpioView> {
  return client.gpio.write(held.id, { token: tokenOf(held), value: { level } });
}

/** What the owner sees at a pin now. */
export async function levelOf(client: Client, { id }: GpioView): Promise<Level | null | undefined> {
  return (await client.gpio.get(id)).observed.value?.level;
}

/** Says what happens at the pins of a simulated board: lines such as `wire GPIO17 GPIO27` or `GPIO4 high`. */
export function simulate(peer: PeerProcess, lines: readonly string[]): void {
  writeFileSync(join(peer.dataDirectory, "simulated-pins"), lines.map((line) => `${line}\n`).join(""));
}

/** The code of the MeshError that a call ends with; undefined when it succeeds. */
export async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
