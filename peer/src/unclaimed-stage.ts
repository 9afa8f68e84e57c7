import { createSetupApi } from "@pi-controller/api";
import { AddressBook, mdns, openGate, pendingAnnouncer } from "@pi-controller/mesh";
import { libp2pRequests, loadOrCreateIdentity } from "@pi-controller/mesh/libp2p";
import { type Service, startAll, stopAll } from "@pi-controller/runtime";
import {
  createRoot,
  type EnrolmentSecretsOptions,
  firstCertificate,
  loadEnrolmentSecrets,
  NodeCertificates,
  namesOfNode,
  nodeKeyOf,
  PasswordHasher,
  TrustStore,
  UnclaimedNode,
} from "@pi-controller/security";
import { apiOptions } from "./api-options.ts";
import type { Config } from "./config/config.ts";
import type { Surroundings } from "./create-peer.ts";
import { knockOriginsOf } from "./knock-origins.ts";
import { isLoopback, multiaddrOf, tcpPortOf } from "./listen-addresses.ts";
import { createMachine } from "./machine.ts";
import { setupNotice } from "./setup-notice.ts";
import type { Stage } from "./stage.ts";
import { SystemdNotifier } from "./systemd.ts";
import { buildDateMs } from "./version.ts";

/** Members that speak to it at once are few; strangers on one machine do not take all places. */
const MAX_CONNECTIONS = 32;
const MAX_CONNECTIONS_OF_HOST = 8;

/** Where a node finds what it is enrolled with. */
export function enrolmentSecretsOptions(config: Config): EnrolmentSecretsOptions {
  return {
    dataDirectory: config.dataDir,
    ...(config.setupCodeFile === "" ? {} : { setupCodeFile: config.setupCodeFile }),
    ...(config.joinTokenFile === "" ? {} : { joinTokenFile: config.joinTokenFile }),
  };
}

/**
 * A peer that belongs to no mesh: it shows its set-up page, waits to be admitted, and does nothing else.
 *
 * @throws MeshError when the data directory or what is in it cannot be used
 */
export async function createUnclaimedStage(config: Config, surroundings: Surroundings): Promise<Stage> {
  const { component, log, version, env } = surroundings;
  const { privateKey, peer: self } = await loadOrCreateIdentity(config.dataDir);
  const nodeKey = nodeKeyOf(self, privateKey);
  const secretsOptions = enrolmentSecretsOptions(config);
  const secrets = await loadEnrolmentSecrets(secretsOptions);
  const { network } = libp2pRequests(
    { ...component("network"), privateKey, addressBook: new AddressBook(), gate: openGate },
    {
      listen: config.listen.map((address) => multiaddrOf(address, config.meshPort)),
      meshName: "pending",
      maxConnections: MAX_CONNECTIONS,
      maxConnectionsOfHost: MAX_CONNECTIONS_OF_HOST,
    },
  );
  const multicast = config.mdns ? mdns(component("discovery")) : undefined;
  const announcer =
    multicast &&
    pendingAnnouncer({ mdns: multicast }, { self, name: config.name, joinToken: secrets.joinToken?.id });
  const now = () => Math.max(Date.now(), buildDateMs());
  const certificateNames = () => namesOfNode(config.name, config.hostName, network.status().addresses);
  const certificates = new NodeCertificates(
    {
      ...component("certificates"),
      names: {
        nodeName: () => config.name,
        certificateNames,
        observe: (listener) => network.observe(({ kind }) => kind === "addresses-changed" && listener()),
      },
      now,
    },
    { directory: config.dataDir },
  );
  const { machine } = createMachine(component("hardware"), config);
  const node = new UnclaimedNode(
    {
      ...component("enrolment"),
      network,
      nodeKey,
      secrets,
      announcer,
      hasher: new PasswordHasher(component("users")),
      createRoot: (meshName) => createRoot(meshName, now()),
      certificateRequest: () => certificates.certificateRequest(self, nodeKey),
      signFirst: (mesh) =>
        firstCertificate(
          { ...component("certificates"), certificates, nodeKey, nodeName: config.name, now },
          mesh,
        ),
      async store(meshId, envelopes) {
        TrustStore.create(config.dataDir, meshId, envelopes).close();
      },
    },
    {
      ...secretsOptions,
      name: config.name,
      board: (await machine.detect()).model,
      buildDateMs: buildDateMs(),
      knockAt: secrets.joinToken === undefined ? [] : knockOriginsOf(config.join, config.port),
    },
  );
  const api = createSetupApi(
    { ...component("api"), setup: node, tls: certificates },
    apiOptions(config, { version, hostNames: () => certificateNames().dnsNames }),
  );
  const services: readonly Service[] = [
    network,
    ...(multicast === undefined ? [] : [multicast]),
    ...(announcer === undefined ? [] : [announcer]),
    certificates,
    node,
    api,
    new SystemdNotifier(component("systemd"), { env }),
  ];
  const logger = log.component("peer");
  return {
    async start(signal) {
      await startAll(services, signal);
      const { addresses } = network.status();
      logger.info({ node: self, url: api.url(), addresses }, `Belongs to no mesh: serving ${api.url()}`);
      showSetupNotice();
    },
    stop: () => stopAll(services),
    url: () => api.url(),
    ports: () => ({
      port: Number(new URL(api.url()).port),
      meshPort: tcpPortOf(network.status().addresses[0]) ?? config.meshPort,
    }),
    ended: node.claimed.then(({ nodeName }) => ({ kind: "claimed", nodeName }) as const),
  };

  /**
   * On purpose the one secret that is shown: whoever sees the console or the log of a node that belongs to nobody is
   * taken for its owner.
   */
  function showSetupNotice(): void {
    const { fingerprint, setupCode } = node;
    if (secrets.joinToken !== undefined) {
      logger.info({ fingerprint }, "Waiting for a member of the mesh whose join token this node carries");
      return;
    }
    const { port } = new URL(api.url());
    const [name] = certificateNames().dnsNames.filter((dnsName) => dnsName.endsWith(".local"));
    const isLoopbackOnly = config.listen.every(isLoopback);
    const origin = isLoopbackOnly ? api.url() : `https://${name ?? config.name}:${port}`;
    const { leaf } = certificates.served();
    log.showPerson(
      { setupCode, fingerprint, url: node.setupUrl(origin) },
      setupNotice({
        nodeName: config.name,
        fingerprint,
        setupCode,
        url: node.setupUrl(origin),
        certificateFingerprint: isLoopbackOnly ? null : leaf.fingerprint,
      }),
    );
  }
}
