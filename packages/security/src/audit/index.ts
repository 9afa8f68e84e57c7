export { AUDIT_METHOD, AuditExchange, type AuditExchangeComponents } from "./audit-exchange.ts";
export {
  type AuditCounters,
  AuditLog,
  type AuditLogComponents,
  type AuditLogOptions,
  defaultAuditRetention,
} from "./audit-log.ts";
export { type AuditUseCaseComponents, auditUseCases } from "./audit-use-cases.ts";
export type { AuditRetention } from "./retention.ts";
