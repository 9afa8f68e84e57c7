import {
  type AuditPage,
  type AuditQuery,
  auditPageSchema,
  type Confirmation,
  type Inventory,
  inventorySchema,
  type RoleChange,
  type RoleView,
  roleListSchema,
  roleViewSchema,
  type UserChange,
  type UserCreation,
  type UserView,
  userListSchema,
  userViewSchema,
} from "@pi-controller/schema";
import * as z from "zod";
import { type CallOptions, type HttpConnection, segment } from "./http.ts";

/** As `GET /api/v1/audit` takes it. */
export type AuditListQuery = Partial<AuditQuery>;

/** Who may do what, and who did. What changes something asks for the acting user's password again. */
export interface PeopleClient {
  readonly users: {
    list(call?: CallOptions): Promise<readonly UserView[]>;
    /** @throws MeshError NOT_FOUND */
    get(id: string, call?: CallOptions): Promise<UserView>;
    /** @throws MeshError ALREADY_EXISTS */
    create(creation: UserCreation, call?: CallOptions): Promise<UserView>;
    /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION when no admin would be left */
    update(id: string, change: UserChange, call?: CallOptions): Promise<UserView>;
    /** @throws MeshError as `update` */
    remove(id: string, confirmation: Confirmation, call?: CallOptions): Promise<void>;
  };
  readonly roles: {
    list(call?: CallOptions): Promise<readonly RoleView[]>;
    /** Makes the role or replaces it. @throws MeshError FAILED_PRECONDITION for a built-in one */
    put(name: string, change: RoleChange, call?: CallOptions): Promise<RoleView>;
    /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION while users have it */
    remove(name: string, confirmation: Confirmation, call?: CallOptions): Promise<void>;
  };
  readonly audit: {
    /** Newest first; of this peer, or of the one that the query names. */
    list(query?: AuditListQuery, call?: CallOptions): Promise<AuditPage>;
  };
  readonly inventory: { get(call?: CallOptions): Promise<Inventory> };
}

export function peopleClient(http: HttpConnection): PeopleClient {
  const USERS = "/api/v1/users";
  const ROLES = "/api/v1/roles";
  return {
    users: {
      async list(call) {
        return (await http.read({ method: "GET", path: USERS }, userListSchema, call)).items;
      },
      get: (id, call) => http.read({ method: "GET", path: `${USERS}/${segment(id)}` }, userViewSchema, call),
      create: (body, call) => http.read({ method: "POST", path: USERS, body }, userViewSchema, call),
      update: (id, body, call) =>
        http.read({ method: "PUT", path: `${USERS}/${segment(id)}`, body }, userViewSchema, call),
      async remove(id, body, call) {
        await http.read({ method: "POST", path: `${USERS}/${segment(id)}/remove`, body }, z.null(), call);
      },
    },
    roles: {
      async list(call) {
        return (await http.read({ method: "GET", path: ROLES }, roleListSchema, call)).items;
      },
      put: (name, body, call) =>
        http.read({ method: "PUT", path: `${ROLES}/${segment(name)}`, body }, roleViewSchema, call),
      async remove(name, body, call) {
        await http.read({ method: "POST", path: `${ROLES}/${segment(name)}/remove`, body }, z.null(), call);
      },
    },
    audit: {
      list: (query = {}, call) =>
        http.read({ method: "GET", path: "/api/v1/audit", query }, auditPageSchema, call),
    },
    inventory: {
      get: (call) => http.read({ method: "GET", path: "/api/v1/inventory" }, inventorySchema, call),
    },
  };
}
