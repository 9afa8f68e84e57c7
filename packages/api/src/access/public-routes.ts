/**
 * All that a stranger may ask a member for, besides the files of the UI, which hold nothing of the mesh. A test
 * compares the table of routes with this list: to make a route public takes a line here.
 */
export const publicRoutes: readonly string[] = [
  // Whether it lives and is ready, without saying why not.
  "GET /healthz",
  "GET /readyz",
  // What this node is, and whether one is logged in; logging in.
  "GET /api/v1/session",
  "POST /api/v1/session",
  "GET /api/v1/oidc/login",
  "GET /api/v1/oidc/callback",
  // A node that carries a join token says where it waits; the token has to have signed it.
  "POST /api/v1/enrolment/knock",
  // A node that was revoked, and is let in no more, asks for the proof; it has to have signed the question.
  "GET /api/v1/enrolment/revocation",
  // The root certificate, to install before one can log in without a warning.
  "GET /api/v1/certificates/root",
  "GET /root.pem",
  "GET /root.crt",
];

/** The same of a node that belongs to no mesh. It has no other routes. */
export const publicSetupRoutes: readonly string[] = [
  "GET /healthz",
  "GET /readyz",
  "GET /api/v1/session",
  "POST /api/v1/setup",
];
