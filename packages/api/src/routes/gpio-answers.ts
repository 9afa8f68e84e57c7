import type { ErrorCode } from "@pi-controller/schema";

/**
 * Access to what is in a namespace that the path does not say: here it is asked whether somebody may in any, and the
 * owner of the pin, who knows in which the reservation is, asks again.
 */
export const IN_ITS_NAMESPACE = { namespace: { any: true } } as const;

/** What drivers of hardware refuse, as a board or kernel that cannot do it. */
export const HARDWARE_ERRORS = ["OUT_OF_RANGE", "UNIMPLEMENTED"] as const satisfies readonly ErrorCode[];

/** What errors mean of pins, for the OpenAPI document. */
export const gpioMeanings: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOT_FOUND: "there is no such node or reservation, or not any more",
  ALREADY_EXISTS: "somebody else holds the pin or device",
  ABORTED: "the token is not that of the grant that stands: the term is over, or it has another holder",
  FAILED_PRECONDITION: "an emergency stop stands, the pin carries a bus, or the hardware is not there",
  RESOURCE_EXHAUSTED: "a quota, the power budget or a rate is used up",
  OUT_OF_RANGE: "the hardware cannot do it with this number",
  UNIMPLEMENTED: "the hardware, or what drives it, cannot do that at all",
  UNAVAILABLE: "the node with the pin cannot be reached",
  DEADLINE_EXCEEDED:
    "the node with the pin did not answer in time; it may have been done, so ask again with the same Idempotency-Key",
};
