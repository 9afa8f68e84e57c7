import { describe, expect, it } from "vitest";
import { addressFilter } from "../limits/address.ts";
import { type Claim, privateNetworks, reviewRequest } from "./request-review.ts";

const policy = {
  domains: ["home.example"],
  allowsAddress: addressFilter([...privateNetworks, "2001:db8::/32"]),
};
const nothing = { dnsNames: [], ipAddresses: [] };

function claim(name: string, requested: Partial<Claim["requested"]>, certified = {}): Claim {
  return {
    node: `node-of-${name}`,
    name,
    requested: { ...nothing, ...requested },
    certified: { ...nothing, ...certified },
  };
}

function review(one: Claim, ...others: readonly Claim[]) {
  const { granted, refused } = reviewRequest(one, [one, ...others], policy);
  return { granted: [...granted.dnsNames, ...granted.ipAddresses], refused: refused.map(({ name }) => name) };
}

describe("reviewRequest", () => {
  it("grants a node its own name, what is below it, and names in the configured domains", () => {
    const dnsNames = ["door-1", "door-1.local", "api.door-1", "api.door-1.local", "x.home.example"];
    expect(review(claim("door-1", { dnsNames }))).toEqual({ granted: [...dnsNames].sort(), refused: [] });
  });

  it.each(["com", "dev", "kitchen", "local", "xn--p1ai"])(
    "grants a node that is called %s nothing of what may be a top-level domain",
    (name) => {
      const dnsNames = [name, `${name}.local`, `bank.${name}`, `x.${name}.local`];
      expect(review(claim(name, { dnsNames }))).toEqual({
        granted: [`${name}.local`, `x.${name}.local`].sort(),
        refused: [`bank.${name}`, name].sort(),
      });
    },
  );

  it.each([
    "bank.example",
    "local",
    "gate.local",
    "xdoor.local",
    "door.evil",
    "home.example.evil",
    "example",
  ])("refuses %s", (name) => {
    expect(review(claim("door", { dnsNames: [name] }))).toEqual({ granted: [], refused: [name] });
  });

  it("drops what is no host name at all", () => {
    expect(review(claim("door", { dnsNames: ["*.door.local", "door_", "", "."] })).granted).toEqual([]);
  });

  it.each([
    "10.1.1.1",
    "172.31.0.1",
    "192.168.0.1",
    "169.254.1.1",
    "100.64.0.1",
    "fd00::1",
    "fe80::1",
    "2001:db8::1",
  ])("grants the address %s", (address) => {
    expect(review(claim("door", { ipAddresses: [address] })).granted).toEqual([address]);
  });

  it.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111"])("refuses the address %s", (address) => {
    expect(review(claim("door", { ipAddresses: [address] })).refused).toEqual([address]);
  });

  it("leaves a name or an address to the member that has it", () => {
    const held = { dnsNames: ["door.local"], ipAddresses: ["10.0.0.1"] };
    const holder = claim("gate", held, held);
    expect(review(claim("door", held), holder).refused).toEqual(["door.local", "10.0.0.1"]);
    expect(review(holder, claim("door", held)).granted).toContain("10.0.0.1");
  });

  it("frees an address that a member had once that asks for another now", () => {
    const held = { ipAddresses: ["10.0.0.1"] };
    const moved = claim("gate", { ipAddresses: ["10.0.0.2"] }, { ipAddresses: ["10.0.0.1"] });
    expect(review(claim("door", held), moved).granted).toEqual(["10.0.0.1"]);
  });

  it("leaves a node the name that it was certified for, also when somebody has renamed it to take that name", () => {
    const renamed = claim("attic", { dnsNames: ["attic.local"] }, { dnsNames: ["door.local"] });
    const thief = {
      ...claim("door", { dnsNames: ["door.local", "www.door.local"] }),
      node: "node-of-a-thief",
    };
    expect(review(renamed, thief).granted).toEqual(["attic.local", "door.local"]);
    expect(review(thief, renamed).granted).toEqual(["www.door.local"]);
    const certified = { ...renamed, certified: { dnsNames: ["attic.local", "door.local"], ipAddresses: [] } };
    expect(review(thief, certified).refused).toContain("door.local");
  });

  it("gives to neither of two what both ask for anew, and no name of another node", () => {
    const both = { ipAddresses: ["10.0.0.1"] };
    expect(review(claim("door", both), claim("gate", both)).refused).toEqual(["10.0.0.1"]);
    const namesake = { ...claim("door", {}), node: "node-of-somebody-else" };
    expect(review(claim("door", { dnsNames: ["door.local"] }), namesake).refused).toEqual(["door.local"]);
  });

  it("lets a node keep the name that another one takes later", () => {
    const own = { dnsNames: ["door.local"] };
    const namesake = { ...claim("door", own), node: "node-of-somebody-else" };
    expect(review(claim("door", own, own), namesake).granted).toEqual(["door.local"]);
    expect(review(namesake, claim("door", own, own)).refused).toEqual(["door.local"]);
  });
});
