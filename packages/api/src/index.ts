export type { PeerProtocol } from "./access/inventory.ts";
export { type Api, type ApiComponents, createApi } from "./create-api.ts";
export { createSetupApi, type SetupApiComponents } from "./create-setup-api.ts";
export type { EventReader, SequencedEvent } from "./event-reader.ts";
export type { ConnectionInfo } from "./http/connection-info.ts";
export type { PlainHttp } from "./http/http-redirect.ts";
export type { SecureContext, SecureContextSource } from "./http/tls-source.ts";
export { type ApiLimits, type ApiOptions, defaultLimits } from "./options.ts";
export type { Labels, MetricFamily, MetricSample, MetricSource } from "./prometheus/text.ts";
