import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { createRoot } from "@pi-controller/security";
import { describe, expect, it } from "vitest";
import { nodeId } from "../testing/samples.ts";
import { PASSWORD } from "../testing/security-samples.ts";
import { asUser, startApi } from "../testing/start-api.ts";
import { cookieNames } from "./cookies.ts";

interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that signs itself: whether it can be trusted is not what is tested here. */
async function newCertificate(): Promise<KeyPair> {
  const { certificatePem, privateKeyPkcs8 } = await createRoot("home", Date.now());
  const key = createPrivateKey({ key: Buffer.from(privateKeyPkcs8), format: "der", type: "pkcs8" });
  return { cert: certificatePem, key: key.export({ format: "pem", type: "pkcs8" }).toString() };
}

async function startTls() {
  const server = await newCertificate();
  const context = { ...server, ca: server.cert };
  const { url, security } = await startApi({
    plainHttp: "never",
    tls: { secureContext: () => context, observe: () => () => undefined },
  });
  return { url, security };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function send(
  url: string,
  { body, client, ...options }: { method?: string; headers?: object; body?: unknown; client?: KeyPair } = {},
): Promise<Answer> {
  const headers = {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { ...options, headers, ...client, agent: false, rejectUnauthorized: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe("over TLS", () => {
  it("a session's cookie goes to this very host alone, over TLS alone", async () => {
    const { url } = await startTls();
    expect(url).toMatch(/^https:/);
    const login = await send(`${url}/api/v1/session`, {
      method: "POST",
      body: { userName: "ada", password: PASSWORD },
      headers: { origin: url, "sec-fetch-site": "same-origin" },
    });
    expect(login.status).toBe(200);
    const [header = ""] = login.headers["set-cookie"] ?? [];
    expect(header).toMatch(
      new RegExp(`^__Host-session-${nodeId(0).slice(-8)}=[^;]+; Path=/; HttpOnly; Secure; SameSite=Strict$`),
    );
    const [cookie = ""] = header.split(";");
    expect((await send(`${url}/api/v1/nodes`, { headers: { cookie } })).status).toBe(200);
    const unprefixed = cookie.replace("__Host-", "");
    expect((await send(`${url}/api/v1/nodes`, { headers: { cookie: unprefixed } })).status).toBe(401);
  });

  it("a client certificate says who asks, by its fingerprint", async () => {
    const { url, security } = await startTls();
    const client = await newCertificate();
    const asked = await send(`${url}/api/v1/session`, { client });
    expect(JSON.parse(asked.text)).toMatchObject({ principal: { via: "client-certificate" } });
    const fingerprint = new X509Certificate(client.cert).fingerprint256.replaceAll(":", "").toLowerCase();
    expect(security.presented.at(-1)).toEqual({ clientCertificate: fingerprint });
    expect((await send(`${url}/api/v1/nodes`)).status).toBe(401);
  });

  it("a session or a token counts for more than the certificate that a browser shows by itself", async () => {
    const { url, security } = await startTls();
    const client = await newCertificate();
    const cookie = `${cookieNames(nodeId(0), true).session}=${security.openSession("mona").secret}`;
    for (const headers of [{ cookie }, asUser("mona")]) {
      const asked = await send(`${url}/api/v1/session`, { client, headers });
      expect(JSON.parse(asked.text)).toMatchObject({ principal: { userName: "mona" } });
      expect(Object.keys(security.presented.at(-1) ?? {})).toHaveLength(1);
    }
  });

  it("a login at a provider comes back by https", async () => {
    const { url } = await startTls();
    const { headers } = await send(`${url}/api/v1/oidc/login`);
    expect(new URL(headers.location ?? "").searchParams.get("redirect_uri")).toBe(
      `${url}/api/v1/oidc/callback`,
    );
    expect(headers["set-cookie"]?.[0]).toMatch(/^__Host-oidc-.*; Secure; SameSite=Lax/);
  });
});
