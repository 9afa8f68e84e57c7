import type { LocalInterface } from "./interfaces.ts";

/** One instance of a DNS-SD service: who offers it, and what is to be known of it. */
export interface Announcement {
  /** As `_pic-1a2b3c4d5e._tcp.local`. */
  readonly service: string;
  /** First label of the instance's name: 63 bytes at most. */
  readonly instance: string;
  /** Strings of the TXT record, as `id=...`; longer ones than 255 bytes are left out. */
  readonly texts: readonly string[];
}

/** What somebody told of one instance. Not checked: anybody on the network can tell anything. */
export interface Telling {
  readonly texts: readonly string[];
  /** For how long it holds, in s; 0 to take it back. */
  readonly ttlSeconds: number;
}

/** Something to be spoken of by multicast DNS: what to ask for, what to tell, what to make of answers. */
export interface MdnsTopic {
  /** The services to ask for and to listen to; none for a topic that only tells. */
  browsed(): readonly string[];
  /** What to tell on an interface; undefined for nothing. */
  announced(local: LocalInterface): Announcement | undefined;
  /** Somebody told of an instance of a service that is browsed. Must not throw. */
  heard(telling: Telling, local: LocalInterface): void;
  /** How many instances are known: the more there are, the less often it is asked. */
  knownCount(): number;
  /** It is asked at least this often, however many are known. */
  readonly longestQuestionIntervalMs: number;
}

/** A topic that is being spoken of. */
export interface MdnsTalk {
  /** To be called when what is browsed or announced has changed. */
  refresh(): void;
  /** Says goodbye, and ends. */
  end(): Promise<void>;
}
