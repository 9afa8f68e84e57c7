import { reservationRequestSchema } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { type GpioMesh, nodeIdOf, startGpioMesh } from "./gpio-mesh.ts";
import { askingOf } from "./test-users.ts";

describe("a node that has lost its documents", () => {
  let mesh: GpioMesh;
  afterEach(() => mesh.dispose());

  it("goes on with what it had granted as soon as others have told it, under the same id and token", async () => {
    mesh = await startGpioMesh({ nodes: 2 });
    const request = reservationRequestSchema.parse({
      node: nodeIdOf(0),
      resource: "GPIO18",
      mode: { kind: "output" },
      ttlMs: null,
    });
    const held = await mesh.finish(mesh.peer(0).gpio.reserve(request, askingOf()));
    const write = { token: held.token ?? "", value: { level: "high" } } as const;
    await mesh.finish(mesh.peer(0).gpio.write(held.id, write, askingOf()));
    await mesh.run(1_000);
    mesh.kill(0);
    mesh.loseDocuments(0);
    await mesh.begin(0);
    expect(mesh.peer(0).simulation.pins.level(18)).toBe("low");
    await mesh.connectAll();
    await mesh.until(() => mesh.peer(0).simulation.pins.level(18) === "high");
    const { items } = await mesh.finish(mesh.peer(1).gpio.list({ limit: 100 }, askingOf()));
    expect(items).toMatchObject([
      { node: nodeIdOf(0), id: held.id, token: held.token, desired: { level: "high" } },
    ]);
  });
});
