import { join } from "node:path";
import type { Network, PendingAnnouncer } from "@pi-controller/mesh";
import {
  type Clock,
  type Logger,
  type Random,
  type Service,
  systemRandom,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import type { NodeId, SessionStatus, SetupRequest, SetupResult } from "@pi-controller/schema";
import { fingerprintOf, type JoinTokenSecret, type NodeKey, toBase64Url } from "../../crypto/index.ts";
import type { Envelope } from "../../trust/statements.ts";
import type { RequestOrigin, SetupUseCases } from "../../use-cases.ts";
import { AttemptLimits, type LockOutStore } from "../attempt-limits/attempt-limits.ts";
import { lockOutFile } from "../attempt-limits/lock-out-file.ts";
import { Claim } from "./claim.ts";
import { EnrolmentAnswerer } from "./enrolment-answerer.ts";
import {
  type EnrolmentSecrets,
  type EnrolmentSecretsOptions,
  LOCK_OUT_FILE,
  wipeEnrolmentSecrets,
} from "./enrolment-secrets.ts";
import type { httpsKnock } from "./https-knock.ts";
import { verifyAdmission } from "./join-mesh.ts";
import { Knocker } from "./knocker.ts";
import { Setup, type SetupComponents } from "./setup.ts";
import { TokenBearer } from "./token-bearer.ts";

export interface UnclaimedNodeComponents
  extends Pick<SetupComponents, "hasher" | "createRoot" | "signFirst" | "store"> {
  /** Of the unclaimed, under this node's own id; started before and stopped after this. */
  readonly network: Pick<Network, "self" | "handle" | "observe" | "status">;
  readonly nodeKey: NodeKey;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Chance of when to knock again; the system's when left out. */
  readonly random?: Random | undefined;
  /** From `loadEnrolmentSecrets`. */
  readonly secrets: EnrolmentSecrets;
  /** Left out where there is no multicast. */
  readonly announcer?: Pick<PendingAnnouncer, "announce"> | undefined;
  /** Knocks at a member's API: see `httpsKnock`, which it is when left out. */
  readonly sendKnock?: typeof httpsKnock;
  /** Where lock-outs outlive a restart; a file in the data directory when left out. */
  readonly lockOuts?: LockOutStore | undefined;
  /** Removes what was good for enrolment alone; `wipeEnrolmentSecrets` when left out. Never rejects. */
  readonly forgetSecrets?: (() => Promise<void>) | undefined;
  /** This node's request for a certificate authority of its own, signed by it; left out where there are none. */
  readonly certificateRequest?: (() => Promise<Envelope>) | undefined;
}

export interface UnclaimedNodeOptions extends EnrolmentSecretsOptions {
  /** What this node calls itself: a host name. */
  readonly name: string;
  /** Model of the board; empty when it is not known. */
  readonly board: string;
  readonly buildDateMs: number;
  /** Origins of members' APIs, as `https://192.168.1.20:8080`, to tell of this node when it carries a join token. */
  readonly knockAt?: readonly string[];
  readonly passwordCost?: ConstructorParameters<typeof Setup>[1]["passwordCost"];
}

/** How this node came to belong to a mesh. */
export interface Claimed {
  readonly meshId: string;
  readonly by: "set-up" | "setup-code" | "join-token";
  /** What whoever set it up wants it to be called. */
  readonly nodeName: string | undefined;
}

/** Whoever made this node a member gets his answer within this time; then it turns into a full peer. */
const ANSWER_MS = 500;

/**
 * A node that belongs to no mesh: it waits to be admitted to one, or to be made the first of one, and does nothing
 * else. Once it belongs to a mesh, `claimed` resolves, and it is to be stopped.
 */
export class UnclaimedNode implements SetupUseCases, Service {
  readonly name = "unclaimed-node";
  /** Never rejects. */
  readonly claimed: Promise<Claimed>;
  readonly #components: UnclaimedNodeComponents;
  readonly #options: UnclaimedNodeOptions;
  readonly #resolveClaimed: (claimed: Claimed) => void;
  readonly #claim = new Claim();
  readonly #limits: AttemptLimits;
  readonly #setup: Setup;
  readonly #answerer: EnrolmentAnswerer;
  readonly #knocker: Knocker | undefined;
  readonly #unsubscribe: Unsubscribe[] = [];
  #timer: Timer | undefined;
  #done: Claimed | undefined;
  /** Who made this node a member. */
  #member: NodeId | undefined;

  constructor(components: UnclaimedNodeComponents, options: UnclaimedNodeOptions) {
    this.#components = components;
    this.#options = options;
    const { clock, logger, nodeKey, secrets } = components;
    const { promise, resolve } = Promise.withResolvers<Claimed>();
    this.claimed = promise;
    this.#resolveClaimed = resolve;
    const store = components.lockOuts ?? lockOutFile({ logger }, join(options.dataDirectory, LOCK_OUT_FILE));
    this.#limits = new AttemptLimits({ clock, logger, store });
    const shared = { ...components, claim: this.#claim, limits: this.#limits };
    const { setupCode, joinToken } = secrets;
    this.#setup = new Setup(
      {
        ...shared,
        onCreated: ({ meshId, nodeName }) => this.#onClaimed({ meshId, nodeName, by: "set-up" }, undefined),
      },
      { ...options, setupCode },
    );
    const token = joinToken && new TokenBearer({ nodeKey }, joinToken);
    this.#answerer = new EnrolmentAnswerer(
      {
        ...shared,
        token,
        application: async () => ({
          boxKey: toBase64Url(nodeKey.box.publicKey),
          certificateRequest: (await components.certificateRequest?.()) ?? null,
        }),
        join: async (meshId, envelopes, by) => {
          const bearer = by === "join-token" ? token : undefined;
          const verified = await verifyAdmission(meshId, envelopes, nodeKey, bearer);
          await components.store(meshId, verified);
        },
        onJoined: ({ by, meshId, member }) => this.#onClaimed({ meshId, by, nodeName: undefined }, member),
      },
      { setupCode, name: options.name, board: options.board },
    );
    const isToKnock = (options.knockAt ?? []).length > 0;
    this.#knocker = joinToken && isToKnock ? this.#knockerOf(joinToken) : undefined;
  }

  /** Says where it waits, where multicast does not reach. */
  #knockerOf(token: JoinTokenSecret): Knocker {
    const { clock, logger, network, random, sendKnock } = this.#components;
    const { buildDateMs, knockAt = [], name } = this.#options;
    return new Knocker(
      {
        clock,
        logger,
        random: random ?? systemRandom(),
        addresses: () => network.status().addresses,
        ...(sendKnock === undefined ? {} : { send: sendKnock }),
      },
      { self: network.self, name, token, origins: knockAt, buildDateMs },
    );
  }

  /** For the console and a label: whoever has it can make this node a member of his mesh. */
  get setupCode(): string {
    return this.#components.secrets.setupCode;
  }

  /** For people to compare. */
  get fingerprint(): string {
    return fingerprintOf(this.#components.nodeKey.node);
  }

  /**
   * What a QR code on the console says. The code is in the fragment, which a browser sends to nobody.
   *
   * @param origin where this node's page is, as `https://192.168.1.20:8080`
   */
  setupUrl(origin: string): string {
    return `${origin}/#setup=${this.setupCode}`;
  }

  async start(): Promise<void> {
    const { announcer, network } = this.#components;
    await this.#limits.load();
    this.#unsubscribe.push(
      this.#answerer.listen(),
      network.observe((event) => {
        if (event.kind === "addresses-changed") announcer?.announce(event.addresses);
        if (event.kind === "disconnected" && event.peer === this.#member) this.#finish();
      }),
    );
    announcer?.announce(network.status().addresses);
    this.#knocker?.start();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#knocker?.stop();
    await this.#limits.saved();
  }

  status(origin?: Pick<RequestOrigin, "address">): SessionStatus {
    return this.#setup.status(origin);
  }

  setUp(request: SetupRequest, origin: RequestOrigin): Promise<SetupResult> {
    return this.#setup.setUp(request, origin);
  }

  #onClaimed(claimed: Claimed, member: NodeId | undefined): void {
    const { clock, logger } = this.#components;
    logger.info({ ...claimed }, "This node belongs to a mesh now");
    this.#done = claimed;
    this.#member = member;
    this.#timer = clock.setTimer(() => this.#finish(), ANSWER_MS);
  }

  /** What was good for enrolment alone is gone before anybody hears that it is over. */
  #finish(): void {
    const claimed = this.#done;
    if (claimed === undefined) return;
    this.#done = undefined;
    this.#timer?.cancel();
    const { forgetSecrets, logger } = this.#components;
    const forgotten = forgetSecrets?.() ?? wipeEnrolmentSecrets(this.#options, logger);
    void forgotten.then(() => this.#resolveClaimed(claimed));
  }
}
