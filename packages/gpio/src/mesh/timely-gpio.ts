import type { Clock } from "@pi-controller/runtime";
import type { Asking } from "../asking.ts";
import { within } from "../owner/within.ts";
import type { GpioUseCases } from "../use-cases.ts";

/**
 * Lets nobody wait for longer than he said, whatever hangs: this node's own disk, its hardware, another node.
 *
 * @returns the same, whose promises reject with MeshError DEADLINE_EXCEEDED when the time is over; it may be done later
 */
export function timelyGpio(gpio: GpioUseCases, { clock }: { readonly clock: Clock }): GpioUseCases {
  const inTime = <T>({ timeoutMs }: Asking, work: Promise<T>): Promise<T> =>
    within(clock, timeoutMs, "What was asked may be done later: it", work, "DEADLINE_EXCEEDED");
  return {
    list: (query, asking) => inTime(asking, gpio.list(query, asking)),
    get: (id, asking) => inTime(asking, gpio.get(id, asking)),
    reserve: (request, asking) => inTime(asking, gpio.reserve(request, asking)),
    write: (id, write, asking) => inTime(asking, gpio.write(id, write, asking)),
    batch: (batch, asking) => inTime(asking, gpio.batch(batch, asking)),
    renew: (id, renewal, asking) => inTime(asking, gpio.renew(id, renewal, asking)),
    transfer: (id, transfer, asking) => inTime(asking, gpio.transfer(id, transfer, asking)),
    release: (id, options, asking) => inTime(asking, gpio.release(id, options, asking)),
    i2c: (id, transaction, asking) => inTime(asking, gpio.i2c(id, transaction, asking)),
    spi: (id, transaction, asking) => inTime(asking, gpio.spi(id, transaction, asking)),
    scan: (node, bus, asking) => inTime(asking, gpio.scan(node, bus, asking)),
    node: (node, asking) => inTime(asking, gpio.node(node, asking)),
    stops: (asking) => gpio.stops(asking),
    stop: (node, request, asking) => inTime(asking, gpio.stop(node, request, asking)),
    clear: (node, asking) => inTime(asking, gpio.clear(node, asking)),
    quotas: (asking) => gpio.quotas(asking),
    setQuota: (quota, asking) => inTime(asking, gpio.setQuota(quota, asking)),
    removeQuota: (namespace, asking) => inTime(asking, gpio.removeQuota(namespace, asking)),
    policy: (asking) => gpio.policy(asking),
    setPolicy: (policy, asking) => inTime(asking, gpio.setPolicy(policy, asking)),
    follow: (...following) => gpio.follow(...following),
  };
}
