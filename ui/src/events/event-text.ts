import { type EventType, eventTypes, type MeshEvent } from "@pi-controller/schema";
import { formatDuration } from "../format/duration.ts";
import { formatMoment } from "../format/moment.ts";
import { formatCelsius } from "../format/quantity.ts";

export type Severity = "good" | "info" | "warning" | "bad";

/** An event in words, without the name of the node that it is about. */
export interface EventText {
  readonly severity: Severity;
  readonly text: string;
}

/**
 * What an event says, for people. One of a type or with data that this page does not know comes from a newer
 * peer: it is shown with its data as it is.
 *
 * @param nameOf the name of a node by its id, for events that mention others
 */
export function describeEvent(event: MeshEvent, nameOf: (id: string) => string): EventText {
  const { severity, text } = describeKnown(event, nameOf) ?? {
    severity: "info",
    text: plainData(event.data),
  };
  return { severity, text: text.replace(PEER_ID, nameOf) };
}

/** Ids inside of sentences that peers wrote: an Ed25519 peer id in base58 (libp2p's "Peer Ids"). */
const PEER_ID = /12D3KooW[1-9A-HJ-NP-Za-km-z]{44}/g;

/** Who the event is about: the name in the roster, or that which a node had that is there no more. */
export function subjectOf(event: MeshEvent, names: ReadonlyMap<string, string>): string | null {
  const { name } = event.data;
  return names.get(event.node) ?? (typeof name === "string" ? name : null);
}

type Data<Type extends EventType> = ReturnType<(typeof eventTypes)[Type]["data"]["parse"]>;

type Describe<Type extends EventType> = (data: Data<Type>, nameOf: (id: string) => string) => EventText;

const describers: { readonly [Type in EventType]: Describe<Type> } = {
  "cluster.node.added": ({ name, kind }) =>
    info(kind === "manual" ? `registered by hand as ${name}` : `joined the mesh as ${name}`),
  "cluster.node.updated": ({ changed }) => info(`changed: ${changed.join(", ")}`),
  "cluster.node.removed": () => info("was removed from the mesh"),
  "cluster.node.started": ({ version, bootEpoch }) => good(`started, version ${version}, boot ${bootEpoch}`),
  "cluster.node.stopping": ({ reason }) => info(`stops: ${reason}`),
  "cluster.node.alive": ({ previous }) => good(`is alive (was ${previous})`),
  "cluster.node.suspected": ({ reason }) => warning(`may be gone: ${reason}`),
  "cluster.node.failed": ({ reason }) => bad(`is dead: ${reason}`),
  "cluster.node.left": () => info("left the mesh"),
  "mesh.partition.suspected": ({ reachable, unreachable }, nameOf) =>
    bad(`sees the mesh split: ${reachable} reachable, out of reach ${unreachable.map(nameOf).join(", ")}`),
  "mesh.partition.healed": ({ durationMs }) =>
    good(`sees the mesh whole again after ${formatDuration(durationMs)}`),
  "security.node.admitted": ({ name, by, joinToken }) =>
    good(joinToken === null ? `was admitted as ${name} by ${by}` : `was admitted as ${name} by a join token`),
  "security.node.revoked": ({ by, reason }) =>
    warning(`was revoked by ${by}${reason === "" ? "" : `: ${reason}`}`),
  "security.node.left": () => info("left the mesh for good and wiped its keys"),
  "security.join-token.overused": ({ joinToken, uses, used }) =>
    warning(`saw join token ${joinToken} admit ${used} nodes where ${uses} were allowed`),
  "security.user.changed": ({ userName, change }) => info(`changed user ${userName}: ${change}`),
  "security.login.locked": ({ address, userName }) =>
    warning(`locks logins as ${userName} from ${address} out for a while: too many were wrong`),
  "security.certificate.renewed": ({ expiresAt }) =>
    good(`renewed its certificate, good until ${formatMoment(expiresAt)}`),
  "security.clock.behind": ({ behindByMs }) =>
    warning(`has a clock that is behind by ${formatDuration(behindByMs)}`),
  "hardware.temperature.high": ({ celsius }) => warning(`is hot: ${formatCelsius(celsius)}`),
  "hardware.temperature.normal": ({ celsius }) => good(`has cooled down to ${formatCelsius(celsius)}`),
  "hardware.voltage.low": () => warning("gets too little voltage: check its power supply"),
  "hardware.voltage.normal": () => good("gets enough voltage again"),
  "gpio.reservation.granted": ({ resource, name, holder }) =>
    info(`granted ${pinOf(resource, name)} to ${holder}`),
  "gpio.reservation.waiting": ({ resource, name, holder }) =>
    info(`keeps ${holder} in line for ${pinOf(resource, name)}`),
  "gpio.reservation.ended": ({ resource, name, holder, reason, by }) =>
    (reason === "released" ? info : warning)(
      `took ${pinOf(resource, name)} back from ${holder}: ${reason}${by === holder ? "" : ` (${by})`}`,
    ),
  "gpio.reservation.transferred": ({ resource, name, holder, from }) =>
    info(`handed ${pinOf(resource, name)} over from ${from} to ${holder}`),
  "gpio.desired.discarded": ({ resource, name, reason }) =>
    warning(`did not apply what was wanted of ${pinOf(resource, name)} while it was away: ${reason}`),
  "gpio.hardware.failed": ({ resource, problem }) => bad(`has trouble with ${resource}: ${problem}`),
  "gpio.stop.set": ({ scope, cause, by, reason }) =>
    bad(
      `emergency stop of ${scope === "mesh" ? "all nodes" : "its outputs"} by ${cause === "user" ? by : cause}` +
        (reason === "" ? "" : `: ${reason}`),
    ),
  "gpio.stop.cleared": ({ scope, by }) =>
    warning(`emergency stop of ${scope === "mesh" ? "all nodes" : "its outputs"} cleared by ${by}`),
};

function pinOf(resource: string, name: string | null): string {
  return name === null ? resource : `${resource} (${name})`;
}

function describeKnown({ type, data }: MeshEvent, nameOf: (id: string) => string): EventText | null {
  if (!isKnownType(type)) return null;
  const parsed = eventTypes[type].data.safeParse(data);
  if (!parsed.success) return null;
  // The schema of this very type has passed the data; TypeScript cannot follow that through two tables.
  const describe = describers[type] as (data: unknown, nameOf: (id: string) => string) => EventText;
  return describe(parsed.data, nameOf);
}

function isKnownType(type: string): type is EventType {
  return Object.hasOwn(eventTypes, type);
}

function plainData(data: MeshEvent["data"]): string {
  return Object.entries(data)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

function good(text: string): EventText {
  return { severity: "good", text };
}
function info(text: string): EventText {
  return { severity: "info", text };
}
function warning(text: string): EventText {
  return { severity: "warning", text };
}
function bad(text: string): EventText {
  return { severity: "bad", text };
}
