import type { I2cScan, NodeGpio } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { usePinRights } from "../../access/pin-rights.ts";
import { Ago } from "../../components/ago.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useSession } from "../../session/session-context.ts";
import { i2cResource } from "../resource.ts";
import { DeviceButtons } from "./device-buttons.tsx";
import { ScanTable } from "./scan-table.tsx";

interface Properties {
  readonly node: NodeGpio;
  readonly bus: number;
  /** Devices of the bus that are reserved. */
  readonly devices: readonly string[];
  readonly holderOf: (resource: string) => string | null;
  readonly chosen: string | null;
  readonly onChoose: (resource: string) => void;
}

/** An I2C bus: what answers on it, and what of that is reserved. */
export function I2cBus({ node, bus, devices, holderOf, chosen, onChoose }: Properties) {
  const { client, lost } = useSession();
  const mayScan = usePinRights()("create");
  const submission = useSubmission();
  const [scan, setScan] = useState<I2cScan | null>(null);
  const found = scan === null ? [] : scan.addresses.map((address) => i2cResource(bus, address));
  const shown = [...new Set([...found, ...devices])].toSorted();
  return (
    <div class="bus">
      <div class="panel-title">
        <h3>I2C bus {bus}</h3>
        {mayScan && (
          <button
            type="button"
            disabled={lost.value || submission.busy || node.status === "unknown"}
            onClick={() => void submission.run(async () => setScan(await client.gpio.scan(node.node, bus)))}
          >
            {submission.busy ? "Scanning …" : `Scan bus ${bus}`}
          </button>
        )}
      </div>
      {submission.error !== null && (
        <p class="problem" role="alert">
          Not scanned: {submission.error.message}
        </p>
      )}
      {scan !== null && (
        <>
          <p class="muted" role="status">
            {answersText(scan.addresses.length)}, <Ago timestamp={scan.asOf} />. What sleeps, or waits for a
            command first, may stay silent.
          </p>
          <ScanTable
            bus={bus}
            answering={scan.addresses}
            reserved={new Set(devices.map((device) => Number(device.split(":")[1])))}
          />
        </>
      )}
      {shown.length > 0 ? (
        <DeviceButtons resources={shown} holderOf={holderOf} chosen={chosen} onChoose={onChoose} />
      ) : (
        scan === null && <p class="muted">No device of it is reserved. Scan it to see what answers.</p>
      )}
    </div>
  );
}

function answersText(count: number): string {
  if (count === 0) return "Nothing answers";
  return count === 1 ? "One address answers" : `${count} addresses answer`;
}
