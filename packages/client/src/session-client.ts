import {
  type ApiTokenRequest,
  type ApiTokenView,
  apiTokenListSchema,
  type Confirmation,
  type Jwt,
  jwtSchema,
  type LoginRequest,
  type NewApiToken,
  newApiTokenSchema,
  type PasswordChange,
  type SessionStatus,
  type SessionView,
  type SetupRequest,
  type SetupResult,
  sessionListSchema,
  sessionStatusSchema,
  setupResultSchema,
} from "@pi-controller/schema";
import * as z from "zod";
import { type CallOptions, type HttpConnection, segment } from "./http.ts";

/** Lists one's own, or everybody's, which takes the right to list them. */
export interface OwnOrAll {
  readonly all?: boolean;
}

/** Who asks: logging in and out, sessions, API tokens; and the set-up of a node that belongs to no mesh. */
export interface SessionClient {
  readonly session: {
    /** What this peer is, and who one is to it; anybody may ask. */
    status(call?: CallOptions): Promise<SessionStatus>;
    /** Sets the session cookie in a browser. @throws MeshError UNAUTHENTICATED, RESOURCE_EXHAUSTED (locked out) */
    login(request: LoginRequest, call?: CallOptions): Promise<SessionStatus>;
    logout(call?: CallOptions): Promise<void>;
    /** @throws MeshError UNAUTHENTICATED with the field `password` when the present one is wrong */
    changePassword(change: PasswordChange, call?: CallOptions): Promise<void>;
    jwt(call?: CallOptions): Promise<Jwt>;
    /** Where to send the browser for a login through an OpenID provider. */
    readonly oidcLoginUrl: string;
  };
  readonly sessions: {
    list(query?: OwnOrAll, call?: CallOptions): Promise<readonly SessionView[]>;
    /** @throws MeshError NOT_FOUND */
    end(id: string, call?: CallOptions): Promise<void>;
  };
  readonly apiTokens: {
    list(query?: OwnOrAll, call?: CallOptions): Promise<readonly ApiTokenView[]>;
    /** The answer is the one time that the token is shown. */
    create(request: ApiTokenRequest, call?: CallOptions): Promise<NewApiToken>;
    /** @throws MeshError NOT_FOUND */
    revoke(id: string, confirmation: Confirmation, call?: CallOptions): Promise<void>;
  };
  /** Makes a mesh, on a node that belongs to none. @throws MeshError INVALID_ARGUMENT with the field `code` */
  setup(request: SetupRequest, call?: CallOptions): Promise<SetupResult>;
}

export function sessionClient(http: HttpConnection): SessionClient {
  const SESSION = "/api/v1/session";
  const TOKENS = "/api/v1/api-tokens";
  return {
    session: {
      status: (call) => http.read({ method: "GET", path: SESSION }, sessionStatusSchema, call),
      login: (body, call) => http.read({ method: "POST", path: SESSION, body }, sessionStatusSchema, call),
      async logout(call) {
        await http.read({ method: "DELETE", path: SESSION }, z.null(), call);
      },
      async changePassword(body, call) {
        await http.read({ method: "PUT", path: `${SESSION}/password`, body }, z.null(), call);
      },
      jwt: (call) => http.read({ method: "POST", path: `${SESSION}/jwt` }, jwtSchema, call),
      oidcLoginUrl: http.url({ path: "/api/v1/oidc/login" }).href,
    },
    sessions: {
      async list(query = {}, call) {
        const request = { method: "GET", path: "/api/v1/sessions", query: queryOf(query) } as const;
        return (await http.read(request, sessionListSchema, call)).items;
      },
      async end(id, call) {
        await http.read({ method: "DELETE", path: `/api/v1/sessions/${segment(id)}` }, z.null(), call);
      },
    },
    apiTokens: {
      async list(query = {}, call) {
        const request = { method: "GET", path: TOKENS, query: queryOf(query) } as const;
        return (await http.read(request, apiTokenListSchema, call)).items;
      },
      create: (body, call) => http.read({ method: "POST", path: TOKENS, body }, newApiTokenSchema, call),
      async revoke(id, body, call) {
        await http.read({ method: "POST", path: `${TOKENS}/${segment(id)}/revoke`, body }, z.null(), call);
      },
    },
    setup: (body, call) =>
      http.read({ method: "POST", path: "/api/v1/setup", body }, setupResultSchema, call),
  };
}

/** The query of a list that has one's own, or everybody's. */
export function queryOf({ all }: OwnOrAll): { readonly all?: string } {
  return all === true ? { all: "true" } : {};
}
