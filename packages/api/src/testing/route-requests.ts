import { reservationId, STALE_TOKEN, TOKEN } from "./gpio-samples.ts";
import { nodeId } from "./samples.ts";
import { FINGERPRINT, PASSWORD, SETUP_CODE, TOKEN_ID, userView } from "./security-samples.ts";

export interface RouteRequest {
  readonly path: string;
  readonly body?: unknown;
}

const ADA = userView("ada", []).id;
const confirmation = { password: PASSWORD };
const sessionId = "00000000-0000-4000-8000-000000000000";
const rules = [{ verbs: ["get"], resources: ["nodes"] }];

/** A proper request of every route of a member, by method and path as the table of routes has them. */
export const routeRequests: Readonly<Record<string, RouteRequest>> = {
  "GET /api/v1/nodes": { path: "/api/v1/nodes" },
  "POST /api/v1/nodes": { path: "/api/v1/nodes", body: { address: "10.0.0.7" } },
  "GET /api/v1/nodes/{id}": { path: `/api/v1/nodes/${nodeId(1)}` },
  "PUT /api/v1/nodes/{id}": { path: `/api/v1/nodes/${nodeId(1)}`, body: { name: "roof" } },
  "DELETE /api/v1/nodes/{id}": { path: `/api/v1/nodes/${nodeId(4)}` },
  "GET /api/v1/nodes/{id}/metrics": { path: `/api/v1/nodes/${nodeId(1)}/metrics` },
  "GET /api/v1/events": { path: "/api/v1/events" },
  "GET /api/v1/mesh": { path: "/api/v1/mesh" },
  "GET /api/v1/openapi.json": { path: "/api/v1/openapi.json" },
  "GET /healthz": { path: "/healthz" },
  "GET /readyz": { path: "/readyz" },
  "GET /metrics": { path: "/metrics" },
  "GET /api/v1/session": { path: "/api/v1/session" },
  "POST /api/v1/session": { path: "/api/v1/session", body: { userName: "ada", password: PASSWORD } },
  "DELETE /api/v1/session": { path: "/api/v1/session" },
  "PUT /api/v1/session/password": {
    path: "/api/v1/session/password",
    body: { password: PASSWORD, newPassword: "staple-staple-staple" },
  },
  "POST /api/v1/session/jwt": { path: "/api/v1/session/jwt" },
  "GET /api/v1/sessions": { path: "/api/v1/sessions?all=true" },
  "DELETE /api/v1/sessions/{id}": { path: `/api/v1/sessions/${sessionId}` },
  "GET /api/v1/oidc/login": { path: "/api/v1/oidc/login" },
  "GET /api/v1/oidc/callback": { path: "/api/v1/oidc/callback?code=good" },
  "GET /api/v1/api-tokens": { path: "/api/v1/api-tokens?all=true" },
  "POST /api/v1/api-tokens": {
    path: "/api/v1/api-tokens",
    body: { name: "backup", expiresInDays: 30, ...confirmation },
  },
  "POST /api/v1/api-tokens/{id}/revoke": {
    path: `/api/v1/api-tokens/${TOKEN_ID}/revoke`,
    body: confirmation,
  },
  "GET /api/v1/users": { path: "/api/v1/users" },
  "POST /api/v1/users": {
    path: "/api/v1/users",
    body: { name: "bob", roles: ["monitor"], newPassword: "staple-staple-staple", ...confirmation },
  },
  "GET /api/v1/users/{id}": { path: `/api/v1/users/${ADA}` },
  "PUT /api/v1/users/{id}": { path: `/api/v1/users/${ADA}`, body: { roles: ["admin"], ...confirmation } },
  "POST /api/v1/users/{id}/remove": { path: `/api/v1/users/${ADA}/remove`, body: confirmation },
  "GET /api/v1/roles": { path: "/api/v1/roles" },
  "PUT /api/v1/roles/{name}": { path: "/api/v1/roles/gardener", body: { rules, ...confirmation } },
  "POST /api/v1/roles/{name}/remove": { path: "/api/v1/roles/gardener/remove", body: confirmation },
  "GET /api/v1/pending-nodes": { path: "/api/v1/pending-nodes" },
  "POST /api/v1/pending-nodes": { path: "/api/v1/pending-nodes", body: { address: "192.168.1.27" } },
  "POST /api/v1/pending-nodes/{id}/approve": {
    path: `/api/v1/pending-nodes/${nodeId(7)}/approve`,
    body: { code: SETUP_CODE, ...confirmation },
  },
  "POST /api/v1/enrolment/knock": {
    path: "/api/v1/enrolment/knock",
    body: {
      node: nodeId(7),
      name: "pi-7",
      joinToken: TOKEN_ID,
      addresses: ["/ip4/192.168.1.27/tcp/4101"],
      at: "2026-11-21T10:00:00.000Z",
      signature: "c2lnbmF0dXJl",
    },
  },
  "GET /api/v1/enrolment/revocation": {
    path: `/api/v1/enrolment/revocation?node=${nodeId(4)}&signature=${"A".repeat(86)}`,
  },
  "GET /api/v1/join-tokens": { path: "/api/v1/join-tokens" },
  "POST /api/v1/join-tokens": {
    path: "/api/v1/join-tokens",
    body: { label: "shelf", expiresInHours: 24, uses: 10, ...confirmation },
  },
  "POST /api/v1/join-tokens/{id}/revoke": {
    path: `/api/v1/join-tokens/${TOKEN_ID}/revoke`,
    body: confirmation,
  },
  "POST /api/v1/nodes/{id}/revoke": { path: `/api/v1/nodes/${nodeId(4)}/revoke`, body: confirmation },
  "POST /api/v1/mesh/leave": { path: "/api/v1/mesh/leave", body: confirmation },
  "GET /api/v1/certificates": { path: "/api/v1/certificates" },
  "POST /api/v1/certificates/renew": { path: "/api/v1/certificates/renew" },
  "GET /api/v1/certificates/root": { path: "/api/v1/certificates/root" },
  "GET /root.pem": { path: "/root.pem" },
  "GET /root.crt": { path: "/root.crt" },
  "GET /api/v1/client-certificates": { path: "/api/v1/client-certificates?all=true" },
  "POST /api/v1/client-certificates": {
    path: "/api/v1/client-certificates",
    body: { userId: ADA, name: "ci", request: "PEM", expiresInDays: 30, ...confirmation },
  },
  "POST /api/v1/client-certificates/{fingerprint}/revoke": {
    path: `/api/v1/client-certificates/${FINGERPRINT}/revoke`,
    body: confirmation,
  },
  "GET /api/v1/audit": { path: "/api/v1/audit" },
  "GET /api/v1/inventory": { path: "/api/v1/inventory" },
  "GET /api/v1/gpio": { path: "/api/v1/gpio" },
  "POST /api/v1/gpio": {
    path: "/api/v1/gpio",
    body: { node: nodeId(1), resource: "GPIO4", mode: { kind: "output" } },
  },
  "GET /api/v1/gpio/{id}": { path: `/api/v1/gpio/${reservationId(0)}` },
  "PUT /api/v1/gpio/{id}": {
    path: `/api/v1/gpio/${reservationId(0)}`,
    body: { token: TOKEN, value: { level: "high" } },
  },
  "DELETE /api/v1/gpio/{id}": { path: `/api/v1/gpio/${reservationId(2)}?token=${TOKEN}` },
  "POST /api/v1/gpio/{id}/renew": {
    path: `/api/v1/gpio/${reservationId(0)}/renew`,
    body: { token: TOKEN },
  },
  "POST /api/v1/gpio/{id}/transfer": {
    path: `/api/v1/gpio/${reservationId(0)}/transfer`,
    body: { token: TOKEN, to: "mona" },
  },
  "POST /api/v1/gpio/batch": {
    path: "/api/v1/gpio/batch",
    body: {
      writes: [
        { id: reservationId(0), token: TOKEN, value: { level: "low" } },
        { id: reservationId(99), token: TOKEN, value: { dutyCycle: 0.5, frequencyHz: 50 } },
      ],
    },
  },
  "POST /api/v1/gpio/{id}/i2c": {
    path: `/api/v1/gpio/${reservationId(0)}/i2c`,
    body: {
      token: TOKEN,
      operations: [
        { op: "write", bytes: [1, 2] },
        { op: "read", length: 4 },
        { op: "write-register", register: 3, bytes: [255] },
        { op: "read-register", register: 0xd0, length: 2 },
      ],
    },
  },
  "POST /api/v1/gpio/{id}/spi": {
    path: `/api/v1/gpio/${reservationId(0)}/spi`,
    body: { token: TOKEN, transfers: [{ bytes: [0x9f, 0, 0] }] },
  },
  "GET /api/v1/nodes/{id}/gpio": { path: `/api/v1/nodes/${nodeId(1)}/gpio` },
  "POST /api/v1/nodes/{id}/i2c/{bus}/scan": { path: `/api/v1/nodes/${nodeId(1)}/i2c/1/scan` },
  "GET /api/v1/gpio-stops": { path: "/api/v1/gpio-stops" },
  "POST /api/v1/gpio-stops": { path: "/api/v1/gpio-stops", body: { reason: "smoke" } },
  "DELETE /api/v1/gpio-stops": { path: "/api/v1/gpio-stops" },
  "POST /api/v1/nodes/{id}/gpio-stop": {
    path: `/api/v1/nodes/${nodeId(1)}/gpio-stop`,
    body: { reason: "smoke" },
  },
  "DELETE /api/v1/nodes/{id}/gpio-stop": { path: `/api/v1/nodes/${nodeId(1)}/gpio-stop` },
  "GET /api/v1/gpio-quotas": { path: "/api/v1/gpio-quotas" },
  "PUT /api/v1/gpio-quotas/{namespace}": {
    path: "/api/v1/gpio-quotas/plant",
    body: { pins: 4, pwm: 1, i2cDevices: 2, spiDevices: 1, powerMilliwatts: 500 },
  },
  "DELETE /api/v1/gpio-quotas/{namespace}": { path: "/api/v1/gpio-quotas/default" },
  "GET /api/v1/gpio-policy": { path: "/api/v1/gpio-policy" },
  "PUT /api/v1/gpio-policy": {
    path: "/api/v1/gpio-policy",
    body: {
      onUnderVoltage: "stop",
      onOverTemperature: "stop",
      clear: "with-the-alarm",
      boardMilliwatts: 100,
    },
  },
};

/** More that has an answer of its own. */
export const moreRequests: readonly (RouteRequest & { readonly route: string })[] = [
  { route: "GET /api/v1/nodes", path: "/api/v1/nodes?limit=0" },
  { route: "GET /api/v1/nodes/{id}", path: `/api/v1/nodes/${nodeId(99)}` },
  { route: "POST /api/v1/nodes", path: "/api/v1/nodes", body: { address: "10.0.0.7" } },
  {
    route: "POST /api/v1/session",
    path: "/api/v1/session",
    body: { userName: "ada", password: "wrong-wrong-wrong" },
  },
  {
    route: "POST /api/v1/users",
    path: "/api/v1/users",
    body: { name: "eve", roles: [], newPassword: "staple-staple-staple", password: "wrong" },
  },
  {
    route: "POST /api/v1/gpio",
    path: "/api/v1/gpio",
    body: { node: nodeId(1), resource: "GPIO18", mode: { kind: "input" } },
  },
  {
    route: "POST /api/v1/gpio",
    path: "/api/v1/gpio",
    body: { node: nodeId(1), resource: "GPIO18", mode: { kind: "input" }, waitMs: 1_000 },
  },
  {
    route: "PUT /api/v1/gpio/{id}",
    path: `/api/v1/gpio/${reservationId(0)}`,
    body: { token: STALE_TOKEN, value: { level: "high" } },
  },
  { route: "GET /api/v1/gpio/{id}", path: `/api/v1/gpio/${reservationId(99)}` },
  { route: "GET /api/v1/nodes/{id}/gpio", path: `/api/v1/nodes/${nodeId(9)}/gpio` },
  { route: "POST /api/v1/gpio-stops", path: "/api/v1/gpio-stops" },
];
