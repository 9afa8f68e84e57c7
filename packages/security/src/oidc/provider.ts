import type { Clock, Logger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type * as OpenIdClient from "openid-client";
import type { ClientAuth, Configuration, ServerMetadata } from "openid-client";
import { isLoopback, type OidcOptions } from "./oidc-options.ts";
import type { PendingLogin } from "./pending-logins.ts";

export interface ProviderComponents {
  readonly clock: Pick<Clock, "monotonic">;
  /** Wall clock, see `TrustPort.now`. */
  readonly trust: { now(): number };
  readonly logger: Logger;
}

type Client = typeof OpenIdClient;

/** Claims of an ID token that was found good. */
export interface IdentityClaims {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

const TIMEOUT_SECONDS = 10;
/** For how long what the provider says of itself is believed. */
const METADATA_LIFETIME_MS = 60 * 60_000;

/**
 * The OpenID provider of a node: authorization code flow with PKCE, state and nonce (OpenID Connect Core section
 * 3.1, RFC 9700). Nothing of it is loaded or asked before somebody wants to log in through it.
 */
export class OidcProvider {
  readonly #components: ProviderComponents;
  readonly #options: OidcOptions;
  #metadata: { readonly found: Promise<ServerMetadata>; readonly untilMs: number } | undefined;

  constructor(components: ProviderComponents, options: OidcOptions) {
    this.#components = components;
    this.#options = options;
  }

  /**
   * Begins a login.
   *
   * @returns where to send the browser, and what has to be kept until it comes back
   * @throws MeshError UNAVAILABLE when the provider cannot be asked
   */
  async begin(
    callbackUrl: string,
  ): Promise<{ readonly location: string; readonly state: string; readonly login: PendingLogin }> {
    const client = await import("openid-client");
    const configuration = await this.#configuration(client);
    const state = client.randomState();
    const nonce = client.randomNonce();
    const codeVerifier = client.randomPKCECodeVerifier();
    const location = client.buildAuthorizationUrl(configuration, {
      redirect_uri: callbackUrl,
      scope: this.#options.scope,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    return { location: location.href, state, login: { nonce, codeVerifier, callbackUrl } };
  }

  /**
   * Ends a login: exchanges the code for an ID token, and verifies that.
   *
   * @param query of the address that the provider has sent the browser back to
   * @throws MeshError UNAUTHENTICATED when the provider refuses, or says what is not good; UNAVAILABLE
   */
  async complete(query: string, state: string, login: PendingLogin): Promise<IdentityClaims> {
    const client = await import("openid-client");
    const configuration = await this.#configuration(client);
    // The address as it was begun: what a Host header says now is of no account.
    const url = new URL(login.callbackUrl);
    url.search = query;
    try {
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: login.nonce,
        pkceCodeVerifier: login.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims !== undefined) return claims;
      throw new MeshError("UNAUTHENTICATED", `${this.#options.label} did not say who you are`);
    } catch (error) {
      throw this.#describe(error, client);
    }
  }

  /** Made anew each time: the clock may have been set since. */
  async #configuration(client: Client): Promise<Configuration> {
    const { clientId, clientSecret, issuer } = this.#options;
    const metadata = await this.#serverMetadata(client);
    const skewSeconds = Math.round((this.#components.trust.now() - Date.now()) / 1_000);
    const configuration = new client.Configuration(
      metadata,
      clientId,
      { [client.clockSkew]: skewSeconds },
      clientSecret === undefined ? client.None() : withSecret(client, clientSecret),
    );
    configuration.timeout = TIMEOUT_SECONDS;
    // The signature of the ID token is verified, too, though it comes straight from the provider.
    client.enableNonRepudiationChecks(configuration);
    if (isLoopback(issuer)) client.allowInsecureRequests(configuration);
    return configuration;
  }

  async #serverMetadata(client: Client): Promise<ServerMetadata> {
    const nowMs = this.#components.clock.monotonic();
    if (this.#metadata === undefined || nowMs >= this.#metadata.untilMs) {
      this.#metadata = { found: this.#discover(client), untilMs: nowMs + METADATA_LIFETIME_MS };
    }
    const asked = this.#metadata;
    try {
      return await asked.found;
    } catch (error) {
      // The next one asks again.
      if (this.#metadata === asked) this.#metadata = undefined;
      throw error;
    }
  }

  async #discover(client: Client): Promise<ServerMetadata> {
    const { issuer, clientId } = this.#options;
    try {
      const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
        timeout: TIMEOUT_SECONDS,
        execute: isLoopback(issuer) ? [client.allowInsecureRequests] : [],
      });
      return found.serverMetadata();
    } catch (error) {
      this.#components.logger.warn(
        { reason: reasonOf(error), issuer },
        "The OpenID provider cannot be asked.",
      );
      throw this.#unavailable();
    }
  }

  #describe(error: unknown, client: Client): MeshError {
    if (error instanceof MeshError) return error;
    const { label } = this.#options;
    if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
      // As `access_denied` (RFC 6749 sections 4.1.2.1 and 5.2): the provider's own words stay in the log.
      const code = error.error.replaceAll(/[^a-z_]/g, "").slice(0, 40);
      this.#components.logger.info({ reason: reasonOf(error) }, "The OpenID provider refused a login.");
      return new MeshError("UNAUTHENTICATED", `${label} refused the login: ${code}`);
    }
    this.#components.logger.warn({ reason: reasonOf(error) }, "A login at the OpenID provider failed.");
    const isUnreachable =
      (error instanceof TypeError && error.message === "fetch failed") ||
      (error instanceof client.ClientError && error.code === "OAUTH_TIMEOUT");
    if (isUnreachable) return this.#unavailable();
    return new MeshError("UNAUTHENTICATED", `What ${label} answered is not valid`);
  }

  #unavailable(): MeshError {
    const message = `${this.#options.label} cannot be reached from this node: log in with your password`;
    return new MeshError("UNAVAILABLE", message);
  }
}

/** For the log: an error of the client holds what was sent and received, codes among it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.name}: ${error.message}${cause}`;
}

/** In the way that the provider takes (RFC 8414: the first is the one that is meant when it says nothing). */
function withSecret(client: Client, secret: string): ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const authenticate = methods.includes("client_secret_basic") ? basic : post;
    authenticate(server, ...rest);
  };
}
