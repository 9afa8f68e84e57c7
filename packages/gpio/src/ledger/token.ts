import { type FencingToken, fencingTokenSchema, MeshError } from "@pi-controller/schema";

export interface TokenParts {
  /** How many times this owner has started. */
  readonly bootEpoch: number;
  /** Counts the grants since that start. */
  readonly seq: number;
}

/** The token of a grant. @throws RangeError when a part is no integer from 0 to 999,999,999,999,999 */
export function tokenOf(bootEpoch: number, seq: number): FencingToken {
  const token = `${bootEpoch}.${seq}`;
  if (!fencingTokenSchema.safeParse(token).success) {
    throw new RangeError(`${token} cannot be a fencing token`);
  }
  return token;
}

/** @throws MeshError INVALID_ARGUMENT that names the field `token` */
export function parseToken(token: FencingToken): TokenParts {
  const [bootEpoch = "", seq = ""] = fencingTokenSchema.safeParse(token).data?.split(".") ?? [];
  if (seq === "") {
    const message = "expected a fencing token such as 3.17";
    throw new MeshError("INVALID_ARGUMENT", `Invalid token: ${message}`, {
      fields: [{ field: "token", message }],
    });
  }
  return { bootEpoch: Number(bootEpoch), seq: Number(seq) };
}

/**
 * @returns below 0 when the first is the older one, 0 when both are of one grant
 * @throws MeshError INVALID_ARGUMENT for what is no token
 */
export function compareTokens(one: FencingToken, other: FencingToken): number {
  const [first, second] = [parseToken(one), parseToken(other)];
  return first.bootEpoch - second.bootEpoch || first.seq - second.seq;
}
