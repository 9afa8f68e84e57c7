import { levelStore } from "@pi-controller/document";
import { seededRandom } from "@pi-controller/runtime";
import { newNetwork, startPeer } from "./peers.ts";
import { grant, reservations } from "./reservations.ts";

const random = seededRandom(1);
setInterval(() => {}, 1000);
const dir = process.argv[2]!;
const all: any[] = [];
let mesh: any;

import { createHash } from "node:crypto";
// one real node's life, copied under many ids is not possible (client ids), so make 1000 quick ones
import * as Y from "yjs";

const cid = (...a: string[]) =>
  Number(createHash("sha256").update(a.join("\0")).digest().readBigUInt64BE() >> 11n);
const store = levelStore({ directory: dir });
await store.open();
for await (const _ of store.read()) {
}
const epoch = "0123456789abcdef";
await store.write([
  { kind: "replace", log: "storage", entry: new TextEncoder().encode(JSON.stringify({ epoch })) },
]);
const m = new Y.Doc();
for (let i = 0; i < 1000; i++) {
  const node = `node-${String(i).padStart(5, "0")}`,
    guid = `${epoch}-9`;
  const one = new Y.Doc();
  one.clientID = cid("mesh", node, epoch);
  for (let k = 0; k < 9; k++) one.getMap("documents").set(node, { id: node, guid: `${epoch}-${k + 1}` });
  Y.applyUpdate(m, Y.encodeStateAsUpdate(one));
  const d = new Y.Doc();
  d.clientID = cid("node", node, guid);
  const map = d.getMap("reservations");
  let seq = 0;
  d.transact(() => {
    for (let p = 0; p < 40; p++) map.set(`gpio/${p}`, grant(p, seq++, 3, random));
  });
  const entries = [Y.encodeStateAsUpdate(d)];
  d.on("update", (u: Uint8Array) => entries.push(u));
  for (let r = 0; r < i % 4; r++) {
    d.transact(() => {
      for (let p = 0; p < 40; p++) if (p % 2) map.set(`gpio/${p}`, grant(p, seq++, 3, random));
    });
  }
  await store.write(
    entries.map((entry) => ({ kind: "append" as const, log: `node/${node}/${guid}`, entry })),
  );
}
await store.write([{ kind: "replace", log: "mesh", entry: Y.encodeStateAsUpdate(m) }]);
await store.close();
process.exit(0);
