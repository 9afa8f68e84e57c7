import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatJoinToken, newSeed, newSetupCode, newTokenId } from "../../crypto/index.ts";
import { wipePaths } from "../../files/wipe-paths.ts";
import { temporaryDirectory } from "../../trust/testing.ts";
import { loadEnrolmentSecrets, wipeEnrolmentSecrets } from "./enrolment-secrets.ts";

let dataDirectory: string;
let boot: string;

beforeEach(() => {
  dataDirectory = temporaryDirectory();
  boot = temporaryDirectory();
});

afterEach(() => wipePaths([dataDirectory, boot]));

const token = () => ({ id: newTokenId(), seed: newSeed(), meshId: "0123456789abcdef0123456789abcdef" });

describe("what an unclaimed node is admitted with", () => {
  it("is a set-up code that is made once, and that its owner alone can read", async () => {
    const { setupCode, joinToken } = await loadEnrolmentSecrets({ dataDirectory });
    expect(setupCode).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(joinToken).toBeUndefined();
    expect((await stat(join(dataDirectory, "setup-code"))).mode & 0o777).toBe(0o600);
    expect((await loadEnrolmentSecrets({ dataDirectory })).setupCode).toBe(setupCode);
  });

  it("is the code that the flasher wrote, as people write codes", async () => {
    const setupCodeFile = join(boot, "setup-code");
    const code = newSetupCode();
    await writeFile(setupCodeFile, ` ${code.toLowerCase().replaceAll("-", " ")}\r\n`);
    expect((await loadEnrolmentSecrets({ dataDirectory, setupCodeFile })).setupCode).toBe(code);
    // Nothing is made where one is given.
    expect(await readdir(dataDirectory)).toEqual([]);
  });

  it("is a join token from an option or a file", async () => {
    const [one, other] = [token(), token()];
    const joinTokenFile = join(boot, "join-token");
    await writeFile(joinTokenFile, `${formatJoinToken(one)}\n`);
    expect((await loadEnrolmentSecrets({ dataDirectory, joinTokenFile })).joinToken).toEqual(one);
    const options = { dataDirectory, joinTokenFile, joinToken: formatJoinToken(other) };
    expect((await loadEnrolmentSecrets(options)).joinToken).toEqual(other);
  });

  it("is nothing else: the error names the file and not what is in it", async () => {
    const setupCodeFile = join(boot, "setup-code");
    await writeFile(setupCodeFile, "1234-SECRET");
    const error = await loadEnrolmentSecrets({ dataDirectory, setupCodeFile }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(setupCodeFile),
    });
    expect(String(error)).not.toContain("1234-SECRET");
    const joinToken = "picjoin_secret";
    const other = await loadEnrolmentSecrets({ dataDirectory, joinToken }).catch((thrown: unknown) => thrown);
    expect(other).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(String(other)).not.toContain(joinToken);
  });

  it("is gone when it is wiped, wherever it came from", async () => {
    const joinTokenFile = join(boot, "join-token");
    await writeFile(joinTokenFile, formatJoinToken(token()));
    const options = { dataDirectory, joinTokenFile };
    const { setupCode } = await loadEnrolmentSecrets(options);
    await wipeEnrolmentSecrets(options, silentLogger);
    expect([...(await readdir(dataDirectory)), ...(await readdir(boot))]).toEqual([]);
    expect((await loadEnrolmentSecrets(options)).setupCode).not.toBe(setupCode);
  });
});

describe("wipePaths", () => {
  it("overwrites a file before it removes it, so that another name of it shows nothing any more", async () => {
    const { link } = await import("node:fs/promises");
    await writeFile(join(boot, "key"), "secret ".repeat(100));
    await link(join(boot, "key"), join(dataDirectory, "other-name"));
    await wipePaths([join(boot, "key"), join(boot, "not-there")]);
    expect(await readdir(boot)).toEqual([]);
    expect(await readFile(join(dataDirectory, "other-name"), "latin1")).not.toContain("secret");
  });
});
