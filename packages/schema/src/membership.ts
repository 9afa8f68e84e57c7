import * as z from "zod";

/**
 * What a peer believes of another one now.
 * `unknown`: it is in the roster, and this peer has not heard of it since it started, or no peer runs there.
 */
export const membershipStateSchema = z.enum(["alive", "suspect", "dead", "left", "unknown"]);
export type MembershipState = z.infer<typeof membershipStateSchema>;

/** What one peer believes of a member. */
export const membershipSchema = z.object({
  state: membershipStateSchema,
  /** When this peer came to believe so; null when it never heard of the member. */
  since: z.iso.datetime().nullable(),
  /** Grows when the member refutes a suspicion. */
  incarnation: z.int().nonnegative(),
  /** Grows with every start of the member's process. */
  bootEpoch: z.int().nonnegative(),
});
export type Membership = z.infer<typeof membershipSchema>;
