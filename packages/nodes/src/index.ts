export { announcementsCollection, boardsCollection, nodesCollection } from "./collections.ts";
export { MeshWatch, type MeshWatchComponents } from "./mesh-watch.ts";
export { createNodes, type NodesComponents, type NodesOptions } from "./nodes.ts";
export type {
  EventsPort,
  MembershipChange,
  MembershipPort,
  MembersPort,
  MemberView,
  MetricsPort,
} from "./ports.ts";
export { Roster, type RosterComponents, type RosterOptions } from "./roster.ts";
export {
  SelfRegistration,
  type SelfRegistrationComponents,
  type SelfRegistrationOptions,
} from "./self-registration.ts";
export type { NodeUseCases, RequestContext, Revised } from "./use-cases.ts";
