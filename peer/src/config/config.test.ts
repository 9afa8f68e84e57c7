import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig, printConfig } from "./config.ts";
import { helpText } from "./help.ts";
import { optionDefinitions } from "./options.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-config-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(content: string): string {
  const path = join(directory, "config.yaml");
  writeFileSync(path, content);
  return path;
}

describe("loadConfig", () => {
  it("has a default for everything", async () => {
    const config = await loadConfig({ argv: [], env: {} });
    expect(config).toMatchObject({ port: 8080, meshPort: 4101, listen: ["0.0.0.0"], mdns: true, join: [] });
  });

  it("lets flags win over the environment, and that over the file", async () => {
    const path = file("port: 1\nmesh-port: 2\nname: from-file\n");
    const env = { PI_CONTROLLER_CONFIG: path, PI_CONTROLLER_PORT: "11", PI_CONTROLLER_MESH_PORT: "12" };
    const config = await loadConfig({ argv: ["--port", "21"], env });
    expect(config).toMatchObject({ port: 21, meshPort: 12, name: "from-file" });
  });

  it("takes lists repeated, separated by commas in the environment, and as YAML", async () => {
    const flags = await loadConfig({ argv: ["--join", "pi-a", "--join=pi-b:4101"], env: {} });
    expect(flags.join).toEqual(["pi-a", "pi-b:4101"]);
    const environment = await loadConfig({
      argv: [],
      env: { PI_CONTROLLER_JOIN: "pi-a,/ip4/10.0.0.1/tcp/1" },
    });
    expect(environment.join).toEqual(["pi-a", "/ip4/10.0.0.1/tcp/1"]);
    const yaml = await loadConfig({ argv: ["--config", file("join: [pi-c]\n")], env: {} });
    expect(yaml.join).toEqual(["pi-c"]);
    const single = await loadConfig({ argv: ["--config", file("join: pi-c\n")], env: {} });
    expect(single.join).toEqual(["pi-c"]);
  });

  it("turns switches on and off", async () => {
    expect((await loadConfig({ argv: ["--no-mdns", "--recover"], env: {} })).mdns).toBe(false);
    expect((await loadConfig({ argv: [], env: { PI_CONTROLLER_MDNS: "false" } })).mdns).toBe(false);
  });

  it("reports everything that is wrong at once, and where", async () => {
    const path = file("ports: 1\nname: Not A Name\n");
    const argv = ["--config", path, "--port", "99999", "--prot=1", "stray", "--mesh-port"];
    const failure = loadConfig({ argv, env: { PI_CONTROLLER_BOARD: "pi-9", PI_CONTROLLER_TYPO: "1" } });
    await expect(failure).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const fields = await failure.catch((error: { details: { fields: { field: string }[] } }) =>
      error.details.fields.map(({ field }) => field),
    );
    expect(new Set(fields as string[])).toEqual(
      new Set([
        "--port",
        "--prot",
        "stray",
        "--mesh-port",
        `ports (in ${path})`,
        `name (in ${path})`,
        "PI_CONTROLLER_BOARD",
        "PI_CONTROLLER_TYPO",
      ]),
    );
  });

  it.each(["--print-config=x", "--help=x", "--version=x"])(
    "refuses a value where there is none: %s",
    async (flag) => {
      await expect(loadConfig({ argv: [flag], env: {} })).rejects.toThrow("expected no value");
    },
  );

  it("names a file that is missing or is no YAML", async () => {
    await expect(loadConfig({ argv: ["--config", join(directory, "none")], env: {} })).rejects.toThrow(
      "ENOENT",
    );
    await expect(loadConfig({ argv: ["--config", file("a: [")], env: {} })).rejects.toThrow("config.yaml");
    await expect(loadConfig({ argv: ["--config", file("- a\n")], env: {} })).rejects.toThrow("key: value");
  });

  it("takes networks and names, and refuses what is none", async () => {
    const argv = [
      "--allow-from",
      "192.168.1.0/24",
      "--allow-from",
      "fd00::/8",
      "--host-name",
      "pi.example.org",
    ];
    expect(await loadConfig({ argv, env: {} })).toMatchObject({
      allowFrom: ["192.168.1.0/24", "fd00::/8"],
      hostName: ["pi.example.org"],
    });
    await expect(loadConfig({ argv: ["--allow-from", "192.168.1.0/33"], env: {} })).rejects.toThrow(
      "--allow-from: expected networks",
    );
    await expect(loadConfig({ argv: ["--host-name", "a b"], env: {} })).rejects.toThrow(
      "--host-name: expected host names",
    );
  });

  it("tells of a rule between settings together with what is wrong by itself", async () => {
    const argv = ["--oidc-issuer", "https://login.example.org", "--port", "x"];
    await expect(loadConfig({ argv, env: {} })).rejects.toThrow(
      /--port: expected a port[^]*oidc-client-id: expected the client id/,
    );
  });

  it.each([
    ["an empty port", ["--port", ""], "--port: expected a port"],
    ["a port in other than decimal digits", ["--port", "0x50"], "--port: expected a port"],
    ["a log level for a component that there is none of", ["--log-level", "info,msh=debug"], "documents"],
    ["a peer to join at a port that there is none of", ["--join", "pi-a:99999"], "--join: expected"],
    ["a flag for the file without a file", ["--config"], "--config: expected a value"],
    ["the negation of a flag that is no switch", ["--no-port"], "--no-port: there is no such flag"],
  ])("refuses %s", async (_what, argv, message) => {
    await expect(loadConfig({ argv, env: {} })).rejects.toThrow(message);
  });

  it("takes an IPv6 address to join through, with a port and without", async () => {
    const join = ["fe80::1:2", "[::1]:4101", "::1", "[::1]", "pi-a:65535"];
    expect((await loadConfig({ argv: join.map((peer) => `--join=${peer}`), env: {} })).join).toEqual(join);
  });

  it("takes no true for a port in a file", async () => {
    const argv = ["--config", file("port: true\nmesh-port: null\n")];
    await expect(loadConfig({ argv, env: {} })).rejects.toThrow(/port[^]*mesh-port/);
  });

  it("is frozen", async () => {
    expect(Object.isFrozen(await loadConfig({ argv: [], env: {} }))).toBe(true);
  });
});

describe("printConfig", () => {
  it("prints what loadConfig reads back", async () => {
    const config = await loadConfig({
      argv: ["--name", "pi-a", "--join", "pi-b", "--ui-dir", "/ui"],
      env: {},
    });
    const again = await loadConfig({ argv: ["--config", file(printConfig(config))], env: {} });
    expect(again).toEqual(config);
  });

  it("prints what loadConfig reads back when nothing was set", async () => {
    const config = await loadConfig({ argv: [], env: {} });
    expect(await loadConfig({ argv: ["--config", file(printConfig(config))], env: {} })).toEqual(config);
  });

  it("masks secrets", () => {
    const secret = { ...optionDefinitions[0], key: "pass-word", secret: true };
    expect(printConfig({ passWord: "swordfish" }, [secret])).toBe("pass-word: ********\n");
  });
});

describe("helpText", () => {
  it("tells of every setting", () => {
    for (const { key } of optionDefinitions) expect(helpText()).toContain(`--${key}`);
  });
});
