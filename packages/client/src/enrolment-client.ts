import {
  type Approval,
  type CertificateList,
  type ClientCertificateRequest,
  type ClientCertificateView,
  type Confirmation,
  certificateListSchema,
  clientCertificateListSchema,
  type JoinTokenRequest,
  type JoinTokenView,
  joinTokenListSchema,
  type NewClientCertificate,
  type NewJoinToken,
  type NodeId,
  newClientCertificateSchema,
  newJoinTokenSchema,
  type PendingNode,
  type PendingNodeLookup,
  pendingNodeListSchema,
  pendingNodeSchema,
  type RevocationRequest,
} from "@pi-controller/schema";
import * as z from "zod";
import { type CallOptions, type HttpConnection, segment } from "./http.ts";
import { type OwnOrAll, queryOf } from "./session-client.ts";

/** Which nodes belong to the mesh, and their certificates. */
export interface EnrolmentClient {
  readonly pendingNodes: {
    list(call?: CallOptions): Promise<readonly PendingNode[]>;
    /** Where multicast does not reach. @throws MeshError NOT_FOUND */
    lookUp(lookup: PendingNodeLookup, call?: CallOptions): Promise<PendingNode>;
    /** @throws MeshError INVALID_ARGUMENT with the field `code`, UNAUTHENTICATED with `password`, RESOURCE_EXHAUSTED */
    approve(id: NodeId, approval: Approval, call?: CallOptions): Promise<PendingNode>;
  };
  readonly joinTokens: {
    list(call?: CallOptions): Promise<readonly JoinTokenView[]>;
    /** The answer is the one time that the token is shown. */
    create(request: JoinTokenRequest, call?: CallOptions): Promise<NewJoinToken>;
    revoke(id: string, confirmation: Confirmation, call?: CallOptions): Promise<void>;
  };
  readonly certificates: {
    list(call?: CallOptions): Promise<CertificateList>;
    /** Renews the one that this peer serves with. */
    renew(call?: CallOptions): Promise<CertificateList>;
    /** The root to install, for browsers to open: PEM, and DER, which phones take. */
    readonly rootPemUrl: string;
    readonly rootDerUrl: string;
  };
  readonly clientCertificates: {
    list(query?: OwnOrAll, call?: CallOptions): Promise<readonly ClientCertificateView[]>;
    issue(request: ClientCertificateRequest, call?: CallOptions): Promise<NewClientCertificate>;
    revoke(fingerprint: string, confirmation: Confirmation, call?: CallOptions): Promise<void>;
  };
  /** Cuts a member off for good. @throws MeshError NOT_FOUND */
  revokeNode(id: NodeId, request: RevocationRequest, call?: CallOptions): Promise<void>;
  /** The peer that answers leaves the mesh and wipes its keys. */
  leaveMesh(confirmation: Confirmation, call?: CallOptions): Promise<void>;
}

export function enrolmentClient(http: HttpConnection): EnrolmentClient {
  const PENDING = "/api/v1/pending-nodes";
  const TOKENS = "/api/v1/join-tokens";
  const CERTIFICATES = "/api/v1/client-certificates";
  const post = (path: string, body?: unknown) => ({ method: "POST", path, body }) as const;
  return {
    pendingNodes: {
      async list(call) {
        return (await http.read({ method: "GET", path: PENDING }, pendingNodeListSchema, call)).items;
      },
      lookUp: (lookup, call) => http.read(post(PENDING, lookup), pendingNodeSchema, call),
      approve: (id, approval, call) =>
        http.read(post(`${PENDING}/${segment(id)}/approve`, approval), pendingNodeSchema, call),
    },
    joinTokens: {
      async list(call) {
        return (await http.read({ method: "GET", path: TOKENS }, joinTokenListSchema, call)).items;
      },
      create: (request, call) => http.read(post(TOKENS, request), newJoinTokenSchema, call),
      async revoke(id, confirmation, call) {
        await http.read(post(`${TOKENS}/${segment(id)}/revoke`, confirmation), z.null(), call);
      },
    },
    certificates: {
      list: (call) => http.read({ method: "GET", path: "/api/v1/certificates" }, certificateListSchema, call),
      renew: (call) => http.read(post("/api/v1/certificates/renew"), certificateListSchema, call),
      rootPemUrl: http.url({ path: "/root.pem" }).href,
      rootDerUrl: http.url({ path: "/root.crt" }).href,
    },
    clientCertificates: {
      async list(query = {}, call) {
        const request = { method: "GET", path: CERTIFICATES, query: queryOf(query) } as const;
        return (await http.read(request, clientCertificateListSchema, call)).items;
      },
      issue: (request, call) => http.read(post(CERTIFICATES, request), newClientCertificateSchema, call),
      async revoke(fingerprint, confirmation, call) {
        await http.read(post(`${CERTIFICATES}/${segment(fingerprint)}/revoke`, confirmation), z.null(), call);
      },
    },
    async revokeNode(id, request, call) {
      await http.read(post(`/api/v1/nodes/${segment(id)}/revoke`, request), z.null(), call);
    },
    async leaveMesh(confirmation, call) {
      await http.read(post("/api/v1/mesh/leave", confirmation), z.null(), call);
    },
  };
}
