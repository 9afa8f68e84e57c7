import type { Asking } from "../asking.ts";
import type { OwnGpio, PinCalls } from "../owner/pin-owner.ts";

/**
 * The pins of one node, wherever it is: `PinOwner` is this for its own node, `RemotePins` for any other. Throws as
 * `PinOwner`; for another node UNAVAILABLE and DEADLINE_EXCEEDED as well, and PERMISSION_DENIED when it does not believe
 * who asks.
 */
export interface NodePins extends PinCalls<Asking> {
  describe(asking: Asking): Promise<OwnGpio>;
}
