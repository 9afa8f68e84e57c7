export {
  type AuthorityComponents,
  type AuthorityOptions,
  CertificateAuthority,
  createRoot,
} from "./certificate-authority.ts";
export { type CertificateNames, namesOfNode } from "./certificate-names.ts";
export { type CertificateUseCaseComponents, certificateUseCases } from "./certificate-use-cases.ts";
export {
  NodeCertificates,
  type NodeCertificatesComponents,
  type NodeCertificatesOptions,
  type NodeNames,
} from "./node-certificates.ts";
export type { CertificateMembership } from "./own-authority.ts";
