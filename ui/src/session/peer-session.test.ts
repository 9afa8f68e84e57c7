import { createClient } from "@pi-controller/client";
import { describe, expect, it } from "vitest";
import { eventOf, nodeOf } from "../test-samples.ts";
import { PeerSession, type Sight } from "./peer-session.ts";
import { FakePeer, ManualClock } from "./testing.ts";

/** A session over the real client, with the wire and the clock in the test's hands. */
function sessionWith(peer: FakePeer, sight: Sight = { mesh: true, nodes: true, events: true }) {
  const clock = new ManualClock();
  const visibility = {
    shown: true,
    changed: () => {},
    visible: () => visibility.shown,
    onChange(callback: () => void) {
      visibility.changed = callback;
      return () => {};
    },
  };
  const client = createClient({
    baseUrl: "http://pi-a:8080",
    fetch: peer.fetch,
    WebSocket: peer.WebSocket,
    clock,
    random: { next: () => 0.5 },
  });
  const session = new PeerSession({ client, clock, visibility, random: () => 0.5 }, sight);
  const show = (shown: boolean) => {
    visibility.shown = shown;
    visibility.changed();
  };
  return { session, clock, show };
}

describe("PeerSession", () => {
  it("asks every 2 s, and once for several events that come together", async () => {
    const peer = new FakePeer();
    const { session, clock } = sessionWith(peer);
    session.start();
    await clock.advance(0);
    expect(session.nodes.value?.value.map(({ name }) => name)).toEqual(["pi-a"]);
    expect(peer.listCalls).toBe(1);
    await clock.advance(2000);
    expect(peer.listCalls).toBe(2);
    for (const type of ["cluster.node.suspected", "cluster.node.failed"]) {
      peer.send(eventOf({ id: `01KAJ0000000000000000${type.length}AAA`.slice(0, 26), type }));
    }
    await clock.advance(149);
    expect(peer.listCalls).toBe(2);
    await clock.advance(1);
    expect(peer.listCalls).toBe(3);
    session.stop();
  });

  it("does not ask while nobody looks, and at once when somebody does again", async () => {
    const peer = new FakePeer();
    const { session, clock, show } = sessionWith(peer);
    session.start();
    await clock.advance(0);
    show(false);
    peer.send(eventOf({ type: "cluster.node.failed" }));
    await clock.advance(60_000);
    expect(peer.listCalls).toBe(1);
    show(true);
    await clock.advance(0);
    expect(peer.listCalls).toBe(2);
    session.stop();
  });

  it("keeps what was known while the peer is gone, retries ever more slowly, and comes back by itself", async () => {
    const peer = new FakePeer();
    const { session, clock } = sessionWith(peer);
    session.start();
    await clock.advance(0);
    peer.goAway();
    await clock.advance(0);
    // The broken stream tells before the next poll would.
    expect(session.lost.value).toBe(true);
    expect(session.nodes.value?.value).toHaveLength(1);
    const calls = peer.listCalls;
    await clock.advance(1000 + 2000 + 4000);
    expect(peer.listCalls - calls).toBe(3);
    peer.comeBack([nodeOf({ name: "pi-a" }), nodeOf({ id: "12D3KooWtest0002", name: "pi-b" })]);
    await clock.advance(8000);
    expect(session.connection.value).toMatchObject({ phase: "connected", reconnects: 1 });
    expect(session.nodes.value?.value).toHaveLength(2);
    session.stop();
  });

  it("takes an answer that is an error for trouble, not for silence, and waits as long as it is told", async () => {
    const peer = new FakePeer();
    const { session, clock } = sessionWith(peer);
    session.start();
    await clock.advance(0);
    peer.refuseWith(429, 30);
    await clock.advance(2000);
    expect(session.lost.value).toBe(false);
    expect(session.trouble.value).toContain("429");
    const calls = peer.listCalls;
    await clock.advance(29_000);
    expect(peer.listCalls).toBe(calls);
    await clock.advance(1000);
    expect(peer.listCalls).toBe(calls + 1);
    session.stop();
  });

  it("asks for nothing that the user may not see", async () => {
    const peer = new FakePeer();
    const { session, clock } = sessionWith(peer, { mesh: true, nodes: false, events: false });
    session.start();
    await clock.advance(4000);
    expect(peer.listCalls).toBe(0);
    expect(peer.sockets).toBe(0);
    expect(session.connection.value.phase).toBe("connected");
    expect(session.nodes.value).toBeNull();
    session.stop();
  });
});
