import type { PlainHttp } from "./http/http-redirect.ts";

/** Bounds of what clients can take from this peer. The defaults suit a Pi Zero 2 W and a dozen open pages. */
export interface ApiLimits {
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** Within this time a request's headers must have come (slowloris). */
  readonly headersTimeoutMs: number;
  /** Within this time the whole request must have come. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Sockets of all kinds. */
  readonly maxConnections: number;
  /** Sockets of one remote address, or /64 of IPv6; this machine itself has no such bound. */
  readonly maxConnectionsPerAddress: number;
  /** New connections of one remote address, in the long run: each may cost a handshake. */
  readonly connectionsPerSecond: number;
  /** New connections of one remote address, at once. */
  readonly connectionBurst: number;
  /** Connections of which it is not known yet what they are. Where there are more the oldest is closed. */
  readonly maxHandshakes: number;
  /** Within this time the first byte and, with TLS, the whole handshake must have come. */
  readonly handshakeTimeoutMs: number;
  /** A connection on which nothing moves for so long is closed: whoever reads no answers holds memory. */
  readonly stalledTimeoutMs: number;
  readonly maxRequestsInFlight: number;
  /** Of one remote address, in the long run. */
  readonly requestsPerSecond: number;
  /** Of one remote address, at once. */
  readonly requestBurst: number;
  /** For how many remote addresses the rate is remembered. */
  readonly maxRateLimitedAddresses: number;
  /** Of one user, from whatever addresses, in the long run. */
  readonly requestsPerSecondOfUser: number;
  /** Of one user, at once. */
  readonly requestBurstOfUser: number;
  readonly maxRateLimitedUsers: number;
  readonly maxStreams: number;
  readonly maxStreamsPerAddress: number;
  /** A stream that has nothing to say says so after this time. */
  readonly streamHeartbeatMs: number;
  /** How long requests under way may take when the peer stops. */
  readonly stopTimeoutMs: number;
}

export const defaultLimits: ApiLimits = {
  maxBodyBytes: 64 * 1024,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 30_000,
  maxConnections: 512,
  maxConnectionsPerAddress: 128,
  connectionsPerSecond: 30,
  connectionBurst: 150,
  maxHandshakes: 64,
  handshakeTimeoutMs: 10_000,
  stalledTimeoutMs: 120_000,
  maxRequestsInFlight: 64,
  requestsPerSecond: 100,
  requestBurst: 400,
  maxRateLimitedAddresses: 1_024,
  requestsPerSecondOfUser: 100,
  requestBurstOfUser: 400,
  maxRateLimitedUsers: 1_024,
  maxStreams: 128,
  maxStreamsPerAddress: 32,
  streamHeartbeatMs: 15_000,
  stopTimeoutMs: 5_000,
};

/** Of a node that belongs to no mesh: one person sets it up, and strangers must not keep it busy. */
export const setupLimits: Partial<ApiLimits> = {
  maxBodyBytes: 4 * 1024,
  maxHeaderBytes: 8 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 10_000,
  maxConnections: 64,
  maxConnectionsPerAddress: 32,
  maxRequestsInFlight: 16,
  requestsPerSecond: 20,
  requestBurst: 200,
  maxRateLimitedAddresses: 256,
};

export interface ApiOptions {
  /** Address to listen on, as `127.0.0.1`. */
  readonly host: string;
  /** More addresses to listen on, on the same port. */
  readonly moreHosts?: readonly string[];
  /** 0 takes any that is free. */
  readonly port: number;
  /** What the person who configures the peer calls the port, for the error when it is taken. */
  readonly portOption?: string;
  /** Names, besides those of the loopback and `host` itself, by which browsers may ask for this peer. */
  readonly hostNames?: readonly string[] | (() => readonly string[]);
  /** Where HTTP without TLS is served; `loopback` when left out. All else is redirected to TLS. */
  readonly plainHttp?: PlainHttp;
  /** Whether browsers are told to ask over TLS alone from now on: only once they trust the root of the mesh. */
  readonly hsts?: boolean;
  /** From which networks one may connect, besides this machine, as `192.168.1.0/24`; from everywhere when left out. */
  readonly allowedNetworks?: readonly string[];
  /** The built UI. */
  readonly uiDirectory?: string;
  readonly version: string;
  readonly limits?: Partial<ApiLimits>;
}
