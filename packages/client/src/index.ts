export {
  type Client,
  type ClientOptions,
  createClient,
  type EventListQuery,
  type NodeListQuery,
  type Revised,
  type WriteOptions,
} from "./create-client.ts";
export type { ClientCredentials } from "./credentials.ts";
export type { EnrolmentClient } from "./enrolment-client.ts";
export type { EventFilter, EventStream, EventStreamOptions } from "./event-stream.ts";
export type { ChangeOptions, GpioClient, GpioListQuery, ReservationTerms } from "./gpio-client.ts";
export type { GpioStream, GpioStreamHandlers, GpioStreamStatus } from "./gpio-stream.ts";
export {
  type HeldReservation,
  type HoldOptions,
  holdReservation,
  keepReservation,
} from "./hold-reservation.ts";
export type { CallOptions } from "./http.ts";
export type { AuditListQuery, PeopleClient } from "./people-client.ts";
export type { OwnOrAll, SessionClient } from "./session-client.ts";
export type { StreamGap, StreamPosition, StreamStatus } from "./stream-status.ts";
export type { ClientClock, ClientRandom } from "./time.ts";
