import { namespaceSchema, nodeIdSchema, reservationIdSchema, roleNameSchema } from "@pi-controller/schema";
import * as z from "zod";

/*
 * Parameters of paths. They are strict for the audit log's sake, which keeps them: a token that somebody puts into a
 * path by mistake is none of these.
 */
export const nodeParams = z.strictObject({ id: nodeIdSchema });
export const userParams = z.strictObject({
  id: z.string().regex(/^user-[a-z0-9]{1,64}$/, "expected the id of a user"),
});
/** Of an API token, a join token. */
export const tokenParams = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{1,32}$/, "expected the id of a token"),
});
export const sessionParams = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9-]{1,40}$/, "expected the id of a session"),
});
export const roleParams = z.strictObject({ name: roleNameSchema });
export const fingerprintParams = z.strictObject({
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "expected a SHA-256 fingerprint: 64 lower-case hexadecimal digits"),
});

/** Query of a list of one's own things; `all=true` asks for everybody's, which takes a right. */
export const ownOrAllQuery = z.strictObject({ all: z.enum(["true", "false"]).optional() });

export const reservationParams = z.strictObject({ id: reservationIdSchema });
export const quotaParams = z.strictObject({ namespace: namespaceSchema });
/** Of an I2C bus of a node. */
export const busParams = z.strictObject({
  id: nodeIdSchema,
  bus: z
    .string()
    .regex(/^(0|[1-9]\d?)$/, "expected the number of an I2C bus, such as 1")
    .transform(Number),
});
