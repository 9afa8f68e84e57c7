import type { Clock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { notAllowed } from "../gate/doorway.ts";
import type { Fence } from "../gate/gate.ts";
import type { DialResult } from "../network.ts";
import { HANDSHAKE_BYTES, Parcel } from "./parcel.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

/** All that a dialler finds out when the other side closes the connection without a word. */
const TURNED_AWAY = "what answers there is no peer, or does not let this one in";

interface Ends {
  readonly from: SimulatedPeer;
  /** The machine that is dialled. */
  readonly to: SimulatedHost;
  /** Who should answer there, when the dialler knows. */
  readonly expected: NodeId | undefined;
}

/** Connects a process to the one on another machine, as far as both of them let that happen. */
export function shakeHands(
  { clock, hub }: { readonly clock: Clock; readonly hub: SimulatedNetwork },
  { from, to, expected }: Ends,
  timeoutMs: number,
): Promise<DialResult> {
  return new Promise((resolve) => {
    const serial = hub.nextSerial();
    from.connections.dialling(serial);
    let settled = false;
    let opened = false;
    const settle = (result: DialResult) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      if (!opened) from.connections.dialFailed(serial);
      resolve(result);
    };
    const timer = clock.setTimer(
      () => settle({ outcome: "unreachable", reason: `no answer within ${timeoutMs} ms` }),
      timeoutMs,
    );
    const back = { from: to, to: from.host, target: from };
    const meet = (remote: SimulatedPeer) => {
      const refusal = refusalOf(from, remote, expected);
      if (refusal !== undefined) {
        const result: DialResult = { outcome: "unreachable", reason: refusal };
        hub.wire.carry(
          remote,
          Parcel.control("turn-away", back, () => settle(result)),
        );
        return;
      }
      const refuse = () => remote.loseConnectionTo(from.self, [serial]);
      const shake = { bytes: HANDSHAKE_BYTES, refuse };
      hub.wire.carry(
        remote,
        Parcel.control("accept", back, () => finish(remote), shake),
      );
      // After what tells the dialler, so that he has the connection when the first request on it arrives.
      remote.openConnection(from, from.self, serial);
    };
    const finish = (remote: SimulatedPeer) => {
      if (settled || !from.listening) {
        hub.wire.hangUp(from, remote, [serial]);
        settle({ outcome: "unreachable", reason: "this peer has stopped" });
        return;
      }
      opened = true;
      const { introduced, ready } = from.openConnection(remote, from.self, serial);
      const connected: DialResult = { outcome: "connected", peer: to.id };
      if (ready) {
        settle(connected);
        return;
      }
      introduced.then(
        () => settle(connected),
        (error: unknown) => settle({ outcome: "unreachable", reason: messageOf(error) }),
      );
    };
    const knock = () => {
      const remote = to.peer;
      if (remote?.listening === true) {
        hub.wire.inProcess(remote, () => meet(remote));
        return;
      }
      const result: DialResult = { outcome: "refused", peer: to.id, reason: "connection refused" };
      hub.wire.carryFromKernel(Parcel.control("refuse", back, () => settle(result)));
    };
    const there = { from: from.host, to, target: undefined };
    hub.wire.carry(from, Parcel.control("dial", there, knock, { bytes: HANDSHAKE_BYTES }));
  });
}

/** Why no connection comes of a dial that reached a process, if so: in the order in which libp2p finds out. */
function refusalOf(
  from: SimulatedPeer,
  remote: SimulatedPeer,
  expected: NodeId | undefined,
): string | undefined {
  if (!passesFence(remote.trust.fence, from.trust.fence?.dialling(expected))) return TURNED_AWAY;
  if (expected !== undefined && remote.self !== expected) return "another peer answers there";
  if (!from.trust.gate.allows(remote.self)) return notAllowed(remote.self).message;
  if (!remote.trust.gate.allows(from.self)) return TURNED_AWAY;
  return undefined;
}

/** Whether a listener recognises the key that a dialler used; undefined for a dialler without a fence. */
function passesFence(listener: Fence | undefined, key: Uint8Array | undefined): boolean {
  const accepted = listener?.accepted() ?? [];
  if (key === undefined) return accepted.length === 0;
  return accepted.some((known) => Buffer.from(known).equals(key));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
