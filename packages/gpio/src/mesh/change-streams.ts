import type { Network } from "@pi-controller/mesh";
import type { Clock, Logger, Random, Unsubscribe } from "@pi-controller/runtime";
import {
  type GpioStreamMessage,
  type GpioStreamQuery,
  MeshError,
  parseInput,
  reservationIdSchema,
} from "@pi-controller/schema";
import * as z from "zod";
import type { Asking } from "../asking.ts";
import type { ChangeFeed } from "../owner/changes.ts";
import type { ChangeStream } from "../use-cases.ts";
import { type ChangeFilter, MAX_FOLLOWED } from "./changes-call.ts";
import { Following, type FollowingComponents } from "./following.ts";
import type { NodeRouter } from "./node-router.ts";
import { pollFeed } from "./poll-feed.ts";
import type { GpioNodes } from "./ports.ts";
import { pollRemote } from "./remote-changes.ts";
import { wantedChanges, watchRefusal } from "./wanted-changes.ts";

export interface ChangeStreamsComponents {
  readonly router: NodeRouter;
  readonly network: Pick<Network, "request">;
  readonly nodes: GpioNodes;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const idsSchema = z.object({ id: z.array(reservationIdSchema).min(1).max(MAX_FOLLOWED) });

/** Readers of the changes of this node and others. */
export class ChangeStreams {
  readonly #components: ChangeStreamsComponents;

  constructor(components: ChangeStreamsComponents) {
    this.#components = components;
  }

  /**
   * As `GpioUseCases.follow`.
   *
   * @throws MeshError PERMISSION_DENIED, NOT_FOUND (no such node), INVALID_ARGUMENT naming `id`
   */
  follow(
    query: GpioStreamQuery,
    asking: Asking,
    listener: (message: GpioStreamMessage) => boolean,
    ready: (again: () => void) => Unsubscribe,
  ): ChangeStream {
    const { router, network, nodes, feed, clock, random, logger } = this.#components;
    const { node = router.self } = query;
    const filter = filterOf(query);
    const refusal = watchRefusal(filter, asking.requester);
    if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
    const common = { clock, random, logger, listener, ready };
    if (node === router.self) {
      const wanted = wantedChanges(filter, asking.requester);
      const poll: FollowingComponents["poll"] = async (request, signal) =>
        pollFeed(feed, request, wanted, { clock, signal });
      return new Following({ ...common, poll }, { node, cursor: feed.cursor() }).start();
    }
    router.expectMember(node);
    const poll: FollowingComponents["poll"] = async (request, signal) => {
      // Where nobody is, nobody is waited for.
      router.pinsOf(node);
      return pollRemote({ network, nodes }, node, filter, request, asking, signal);
    };
    const returned: FollowingComponents["returned"] = (again) =>
      nodes.observe((changed) => {
        if (changed === node && nodes.stateOf(node) === "alive") again();
      });
    return new Following({ ...common, poll, returned }, { node, cursor: null }).start();
  }
}

function filterOf({ namespace, id }: GpioStreamQuery): ChangeFilter {
  const ids = id === undefined ? null : parseInput(idsSchema, { id: id.split(",") }, "query").id;
  return { namespace: namespace ?? null, ids };
}
