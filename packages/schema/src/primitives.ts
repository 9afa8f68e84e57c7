import * as z from "zod";

/** Identifies a node: the libp2p peer id of its peer, or `manual-<uuid>` where no peer runs yet. */
export const nodeIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9-]{8,128}$/, "expected a node id: 8 to 128 letters, digits and dashes");
export type NodeId = z.infer<typeof nodeIdSchema>;

/** Point in time as people and programs read it: RFC 3339 in UTC. */
export const timestampSchema = z.iso.datetime();

/** Ties together everything that one request caused, on whatever peer. */
export const correlationIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "expected 1 to 64 letters, digits, dots, dashes and underscores");

/** A ULID: sorts by the time of its making. */
export const ulidSchema = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, "expected a ULID");

/** A multiaddr as text; whether it can be dialled is the network's to say. */
export const multiaddrTextSchema = z
  .string()
  .max(512)
  .regex(/^\/[a-z0-9]+\/.+/, "expected a multiaddr such as /ip4/192.168.1.20/tcp/4101");

const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const MAX_LABELS = 64;

/** Labels in Kubernetes' form, so that they can become labels of a kube node (its "Labels and Selectors"). */
export const labelsSchema = z
  .record(
    z.string().regex(LABEL_KEY, "expected a label key as in Kubernetes, such as role or example.com/role"),
    z
      .string()
      .regex(LABEL_VALUE, "expected a label value as in Kubernetes: at most 63 letters, digits, - _ ."),
  )
  .refine((labels) => Object.keys(labels).length <= MAX_LABELS, `expected at most ${MAX_LABELS} labels`);
export type Labels = z.infer<typeof labelsSchema>;

/** A node's name, in the form of a host name (RFC 1123 label). */
export const nodeNameSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a host name: 1 to 63 of a-z, 0-9 and - inside");
