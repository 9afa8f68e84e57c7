import {
  gpioPolicyBodySchema,
  gpioPolicySchema,
  gpioQuotaBodySchema,
  gpioQuotaListSchema,
  gpioQuotaViewSchema,
} from "@pi-controller/schema";
import { IN_ITS_NAMESPACE } from "./gpio-answers.ts";
import type { GpioRouteComponents } from "./gpio-routes.ts";
import { type Route, route } from "./route.ts";
import { quotaParams } from "./schemas.ts";

/**
 * What tenants may hold, and what nodes do by themselves. To set a quota takes a right to quotas as such, and not one
 * in the tenant's namespace: whoever may do everything in there must not be able to lift his own limit.
 */
export function gpioQuotaRoutes({ gpio, asking }: GpioRouteComponents): readonly Route[] {
  const path = "/api/v1/gpio-quotas";
  const policyPath = "/api/v1/gpio-policy";
  return [
    route({
      method: "GET",
      path,
      operationId: "listGpioQuotas",
      tag: "gpio",
      summary: "List what tenants may hold, and what they do",
      access: { verb: "list", resource: "gpio-quotas", ...IN_ITS_NAMESPACE },
      answers: {
        200: { description: "The quotas of all namespaces that have one", body: gpioQuotaListSchema },
      },
      errors: [],
      handle: (request) => ({ status: 200, body: { items: gpio.quotas(asking(request)) } }),
    }),
    route({
      method: "PUT",
      path: `${path}/{namespace}`,
      operationId: "setGpioQuota",
      tag: "gpio",
      summary: "Limit what a tenant may hold in the whole mesh",
      description:
        "What is left out is not limited. It counts for what is granted from now on; what is held already stays.",
      access: { verb: "create", resource: "gpio-quotas" },
      params: quotaParams,
      body: gpioQuotaBodySchema,
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "The quota, and what is used of it", body: gpioQuotaViewSchema } },
      errors: [],
      async handle(request) {
        const quota = { ...request.body, namespace: request.params.namespace };
        return { status: 200, body: await gpio.setQuota(quota, asking(request)) };
      },
    }),
    route({
      method: "DELETE",
      path: `${path}/{namespace}`,
      operationId: "removeGpioQuota",
      tag: "gpio",
      summary: "Lift the limit of a tenant",
      access: { verb: "delete", resource: "gpio-quotas" },
      params: quotaParams,
      headers: ["Idempotency-Key"],
      answers: { 204: { description: "The tenant has no limit", body: null } },
      errors: ["NOT_FOUND"],
      async handle(request) {
        await gpio.removeQuota(request.params.namespace, asking(request));
        return { status: 204 };
      },
    }),
    route({
      method: "GET",
      path: policyPath,
      operationId: "getGpioPolicy",
      tag: "gpio",
      summary: "Show what nodes do with their outputs by themselves",
      access: { verb: "get", resource: "gpio-policy" },
      answers: { 200: { description: "The policy", body: gpioPolicySchema } },
      errors: [],
      handle: (request) => ({ status: 200, body: gpio.policy(asking(request)) }),
    }),
    route({
      method: "PUT",
      path: policyPath,
      operationId: "setGpioPolicy",
      tag: "gpio",
      summary:
        "Say what nodes do with their outputs under low voltage and heat, and how much power pins may give",
      description: "What is left out has its default.",
      access: { verb: "update", resource: "gpio-policy" },
      body: gpioPolicyBodySchema,
      headers: ["Idempotency-Key"],
      answers: { 200: { description: "The policy as it is now", body: gpioPolicySchema } },
      errors: [],
      handle: async (request) => ({
        status: 200,
        body: await gpio.setPolicy(request.body, asking(request)),
      }),
    }),
  ];
}
