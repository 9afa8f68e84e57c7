import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ROOT_PEM } from "../testing/security-samples.ts";
import { startApi } from "../testing/start-api.ts";

describe("the root certificate", () => {
  it.each(["/api/v1/certificates/root", "/root.pem"])("is at %s for everybody, as PEM", async (path) => {
    const { url } = await startApi();
    const response = await fetch(url + path);
    expect(response.headers.get("content-type")).toBe("application/x-pem-file");
    expect(await response.text()).toBe(ROOT_PEM);
  });

  it("is at /root.crt as phones install it", async () => {
    const { url } = await startApi();
    const response = await fetch(`${url}/root.crt`);
    expect(response.headers.get("content-type")).toBe("application/x-x509-ca-cert");
    const found = new X509Certificate(Buffer.from(await response.arrayBuffer()));
    expect(found.fingerprint256).toBe(new X509Certificate(ROOT_PEM).fingerprint256);
  });
});
