import { builtInRoles, MeshError, type RoleView, type UserView } from "@pi-controller/schema";
import type { SecurityUseCases, SetupUseCases } from "@pi-controller/security";
import { nodeId } from "./samples.ts";
import {
  apiTokenView,
  certificateList,
  clientCertificateView,
  FINGERPRINT,
  joinTokenView,
  PASSWORD,
  pendingNode,
  ROOT_PEM,
  SECRET,
  SETUP_CODE,
  TOKEN_ID,
  unclaimedStatus,
  userView,
} from "./security-samples.ts";

type Acts = Pick<SecurityUseCases, "users" | "apiTokens" | "enrolment" | "certificates">;

/** What asks for the acting user's password again. */
export function memoryActs(): Acts {
  return { users: memoryUsers(), apiTokens, enrolment, certificates };
}

/** Of a node whose set-up code is `SETUP_CODE`; it says of a wrong one that it locks the sender out. */
export function memorySetup(): SetupUseCases {
  const lockedOut = new Set<string>();
  return {
    status: (origin) => ({
      ...unclaimedStatus(),
      lockedUntil: lockedOut.has(origin?.address ?? "") ? "2026-11-21T10:01:00.000Z" : null,
    }),
    async setUp({ code }, { address }) {
      if (code !== SETUP_CODE) {
        lockedOut.add(address);
        const fields = [{ field: "code", message: "this is not the set-up code of the node" }];
        throw new MeshError("INVALID_ARGUMENT", "The set-up code is wrong", { fields });
      }
      return { meshId: "0".repeat(32), node: nodeId(0) };
    },
  };
}

function confirm({ password }: { readonly password: string }): void {
  if (password !== PASSWORD) throw new MeshError("UNAUTHENTICATED", "The password is wrong");
}

function expectId(given: string, id: string): void {
  if (given !== id)
    throw new MeshError("NOT_FOUND", `There is no ${id === FINGERPRINT ? "certificate" : id}`);
}

function memoryUsers(): SecurityUseCases["users"] {
  const users = new Map<string, UserView>();
  for (const [name, role] of Object.entries({ ada: "admin", mona: "monitor" })) {
    const user = userView(name, [role]);
    users.set(user.id, user);
  }
  const roles = new Map<string, RoleView>();
  const get = (id: string) => {
    const user = users.get(id);
    if (user === undefined) throw new MeshError("NOT_FOUND", "There is no such user");
    return user;
  };
  return {
    list: () => [...users.values()],
    get,
    async create(creation) {
      confirm(creation);
      const user = userView(creation.name, creation.roles);
      if (users.has(user.id)) throw new MeshError("ALREADY_EXISTS", `There is a user ${user.name}`);
      users.set(user.id, user);
      return user;
    },
    async change(id, change) {
      confirm(change);
      const user = { ...get(id), roles: change.roles ?? get(id).roles };
      users.set(id, user);
      return user;
    },
    async remove(id, confirmation) {
      confirm(confirmation);
      users.delete(get(id).id);
    },
    roles: () => [...roles.values()],
    async putRole(name, { description = "", rules, ...confirmation }) {
      confirm(confirmation);
      if (Object.hasOwn(builtInRoles, name)) throw new MeshError("FAILED_PRECONDITION", "It is built in");
      const role = { name, description, rules, builtIn: false };
      roles.set(name, role);
      return role;
    },
    async removeRole(name, confirmation) {
      confirm(confirmation);
      if (!roles.delete(name)) throw new MeshError("NOT_FOUND", "There is no such role");
    },
  };
}

const apiTokens: SecurityUseCases["apiTokens"] = {
  list: ({ principal }) => [apiTokenView({ id: principal.userId ?? "", name: principal.userName })],
  async create(request, { principal }) {
    confirm(request);
    const token = apiTokenView({ id: principal.userId ?? "", name: principal.userName });
    return { ...token, name: request.name, token: `pic_${TOKEN_ID}_${SECRET}` };
  },
  async revoke(id, confirmation) {
    confirm(confirmation);
    expectId(id, TOKEN_ID);
  },
};

const enrolment: SecurityUseCases["enrolment"] = {
  pending: () => [pendingNode()],
  lookUp: async () => pendingNode(),
  knock({ joinToken }) {
    if (joinToken !== TOKEN_ID) throw new MeshError("PERMISSION_DENIED", "This is no knock of a good token");
  },
  revocationOf: () => ({ envelopes: [] }),
  async approve(node, approval) {
    confirm(approval);
    expectId(node, nodeId(7));
    if (approval.code !== SETUP_CODE) {
      const fields = [{ field: "code", message: "this is not the set-up code of the node" }];
      throw new MeshError("INVALID_ARGUMENT", "The set-up code is wrong", { fields });
    }
    return pendingNode();
  },
  joinTokens: () => [joinTokenView()],
  async createJoinToken(request) {
    confirm(request);
    return { ...joinTokenView(), token: `picjoin_${TOKEN_ID}_${SECRET}` };
  },
  async revokeJoinToken(id, confirmation) {
    confirm(confirmation);
    expectId(id, TOKEN_ID);
  },
  async revoke(node, request) {
    confirm(request);
    expectId(node, nodeId(4));
  },
  leave: async (confirmation) => confirm(confirmation),
};

const certificates: SecurityUseCases["certificates"] = {
  list: certificateList,
  rootCertificate: () => ROOT_PEM,
  renew: async () => certificateList(),
  clientCertificates: ({ principal }) => [
    clientCertificateView({ id: principal.userId ?? "", name: principal.userName }),
  ],
  async issueClientCertificate(request, { principal }) {
    confirm(request);
    const user = { id: request.userId, name: principal.userName };
    return { ...clientCertificateView(user), certificate: ROOT_PEM };
  },
  async revokeClientCertificate(fingerprint, confirmation) {
    confirm(confirmation);
    expectId(fingerprint, FINGERPRINT);
  },
};
