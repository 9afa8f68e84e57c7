import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

export const CALLBACK_URL = "http://127.0.0.1:1/api/v1/session/oidc/callback";
export const TEST_CLIENT = "pi-controller";
export const TEST_SECRET = "a secret of the client, long enough";

export interface TestProvider {
  readonly issuer: string;
  /** How many requests it has had. */
  requests(): number;
  /** While it is down it answers everything with 503. */
  setDown(isDown: boolean): void;
  stop(): Promise<void>;
}

/** A real OpenID provider on a loopback port: whoever gives a name at its login page is that person there. */
export async function testProvider(options: { readonly secret?: boolean } = {}): Promise<TestProvider> {
  let requests = 0;
  let down = false;
  let handle: ReturnType<Provider["callback"]> | undefined;
  const server = createServer((request, response) => {
    requests++;
    if (down) response.writeHead(503).end();
    else void handle?.(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: TEST_CLIENT,
        redirect_uris: [CALLBACK_URL],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        ...(options.secret === true
          ? { client_secret: TEST_SECRET }
          : { token_endpoint_auth_method: "none" as const }),
      },
    ],
    findAccount: (_context, sub) => ({
      accountId: sub,
      // As groups of a directory: `ada-monitor` is in `monitor`.
      claims: () => ({ sub, groups: sub.split("-").slice(1) }),
    }),
    claims: { openid: ["sub", "groups"] },
    conformIdTokenClaims: false,
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "test" }] },
    cookies: { keys: ["test"] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Session: 60, Interaction: 60, Grant: 60 },
  });
  handle = provider.callback();
  return {
    issuer,
    requests: () => requests,
    setDown: (isDown) => void (down = isDown),
    stop: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/**
 * What a person does in a browser: follows the way to the provider, logs in there, agrees, and is sent back.
 *
 * @param name who he is there; undefined for somebody who declines
 * @returns the address that he is sent back to
 */
export async function goThere(location: string, name: string | undefined): Promise<string> {
  const cookies = new Map<string, string>();
  const send = async (
    url: URL,
    form?: Record<string, string>,
  ): Promise<{ text: string; next: URL | undefined }> => {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [key = "", value = ""] = cookie.split(";")[0]?.split(/=(.*)/s) ?? [];
      cookies.set(key, value);
    }
    const target = response.headers.get("location");
    return { text: await response.text(), next: target === null ? undefined : new URL(target, url) };
  };
  let url = new URL(location);
  let page = await send(url);
  for (let step = 0; step < 20; step++) {
    if (page.next?.href.startsWith(CALLBACK_URL) === true) return page.next.href;
    if (page.next !== undefined) {
      url = page.next;
      page = await send(url);
    } else if (name === undefined) {
      url = new URL(`${url.pathname}/abort`, url);
      page = await send(url);
    } else {
      const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1];
      if (prompt === undefined)
        throw new Error(`Expected a form of the provider, got ${page.text.slice(0, 500)}`);
      page = await send(url, prompt === "login" ? { prompt, login: name, password: "any" } : { prompt });
    }
  }
  throw new Error("The provider sends the browser in circles");
}
