export {
  type AuthorityComponents,
  CertificateAuthority,
  createRoot,
} from "./certificate-authority.ts";
export { type CertificateNames, namesOfNode } from "./certificate-names.ts";
export { type CertificateUseCaseComponents, certificateUseCases } from "./certificate-use-cases.ts";
export type { AuthorityOptions } from "./certify-request.ts";
export { type FirstCertificateComponents, firstCertificate } from "./first-certificate.ts";
export {
  NodeCertificates,
  type NodeCertificatesComponents,
  type NodeCertificatesOptions,
  type NodeNames,
} from "./node-certificates.ts";
export type { CertificateMembership } from "./own-authority.ts";
