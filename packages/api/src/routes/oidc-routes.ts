import { MeshError } from "@pi-controller/schema";
import type { OidcUseCases } from "@pi-controller/security";
import { type Route, type RouteAnswer, route } from "./route.ts";

const CALLBACK_PATH = "/api/v1/oidc/callback";

/**
 * Login through an OpenID provider: a browser follows links here, so that failures lead it back to the UI with the
 * code of the error in the fragment, `/#oidc-error=UNAVAILABLE`, which no server and no log sees.
 */
export function oidcRoutes({ oidc }: { readonly oidc: OidcUseCases }): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/oidc/login",
      operationId: "beginOidcLogin",
      tag: "session",
      summary: "Go to the OpenID provider to log in",
      access: "public",
      action: "login",
      answers: {
        302: {
          description: "To the provider, or back to the UI",
          body: null,
          headers: ["Location", "Set-Cookie"],
        },
      },
      errors: [],
      handle: ({ caller }) =>
        orBackToUi(async () => {
          const begun = await oidc.begin(caller.origin, caller.url + CALLBACK_PATH);
          return { status: 302, headers: { location: begun.location }, oidcState: begun.state };
        }),
    }),
    route({
      method: "GET",
      path: CALLBACK_PATH,
      operationId: "completeOidcLogin",
      tag: "session",
      summary: "Come back from the OpenID provider",
      access: "public",
      action: "login",
      answers: {
        302: { description: "To the UI, logged in or not", body: null, headers: ["Location", "Set-Cookie"] },
      },
      errors: [],
      handle: ({ caller, target }) =>
        orBackToUi(async () => {
          const { oidcState: state, origin } = caller;
          if (state === undefined) {
            throw new MeshError("FAILED_PRECONDITION", "This browser has begun no login, or too long ago");
          }
          const session = await oidc.complete({ url: caller.url + target, state }, origin);
          return { status: 302, headers: { location: "/" }, session, oidcState: null };
        }),
    }),
  ];
}

async function orBackToUi(act: () => Promise<RouteAnswer>): Promise<RouteAnswer> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    const location = `/#oidc-error=${error.code}`;
    return { status: 302, headers: { location }, oidcState: null, failure: error };
  }
}
