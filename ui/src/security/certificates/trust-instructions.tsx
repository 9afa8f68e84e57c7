import type { CertificateView } from "@pi-controller/schema";
import type { ComponentChildren } from "preact";
import { useClient } from "../../client-context.ts";
import { Icon } from "../../components/icon.tsx";
import { Section } from "../section.tsx";
import { type Platform, platformOf, platforms } from "./platform.ts";

/** The root of the mesh to download, and how to make each kind of machine trust it. */
export function TrustInstructions({ root }: { readonly root: CertificateView | null }) {
  const { certificates } = useClient();
  const own = platformOf(navigator.userAgent);
  return (
    <Section
      title="Make your browser trust the mesh"
      lead="Install the root of the mesh once, and the browser shows every node without a warning."
    >
      <p class="others">
        {/* Not as a download: phones and Firefox offer to install what they open. */}
        <a class="button" href={certificates.rootDerUrl}>
          <Icon name="download" /> root.crt
        </a>
        <a class="button" href={certificates.rootPemUrl} download="pi-controller-root.pem">
          <Icon name="download" /> root.pem
        </a>
      </p>
      {root !== null && (
        <p>
          SHA-256 of the root: <code>{root.fingerprint}</code>
          <br />
          <span class="muted">The installer shows it too: it must be the same.</span>
        </p>
      )}
      <p class="muted">
        Whoever installs it trusts what the authority of this mesh signs. Install the root of your own mesh
        only.
      </p>
      <div class="platforms">
        {platforms.map((platform) => (
          <details key={platform} open={platform === own}>
            <summary>{names[platform]}</summary>
            <ol class="steps">{steps[platform]}</ol>
          </details>
        ))}
      </div>
    </Section>
  );
}

const names: Readonly<Record<Platform, string>> = {
  windows: "Windows: Edge, Chrome",
  macos: "macOS: Safari, Chrome",
  ios: "iPhone, iPad",
  android: "Android",
  linux: "Linux: Chrome, command line",
  firefox: "Firefox, on every computer",
};

const steps: Readonly<Record<Platform, ComponentChildren>> = {
  windows: (
    <>
      <li>Download root.crt and open it. Choose Install Certificate, then Current User.</li>
      <li>
        Choose “Place all certificates in the following store”, and there “Trusted Root Certification
        Authorities”.
      </li>
      <li>Compare the thumbprint in the warning, agree, and restart the browser.</li>
    </>
  ),
  macos: (
    <>
      <li>Download root.crt and open it. Keychain Access adds it to the login keychain.</li>
      <li>Find it there, open it, and under Trust choose “Always Trust”.</li>
      <li>Restart the browser.</li>
    </>
  ),
  ios: (
    <>
      <li>Open this page in Safari and download root.crt. Allow the profile.</li>
      <li>In Settings, open “Profile Downloaded” at the top and install it.</li>
      <li>Under General, About, Certificate Trust Settings, switch full trust on for it.</li>
    </>
  ),
  android: (
    <>
      <li>Download root.crt.</li>
      <li>
        In Settings, search for “CA certificate”. It is under Security, Encryption &amp; credentials, Install
        a certificate.
      </li>
      <li>Choose “Install anyway”, and the file. Chrome trusts it from then on.</li>
    </>
  ),
  linux: (
    <>
      <li>
        For curl and the like, on Debian and Ubuntu:{" "}
        <code class="block">
          sudo cp pi-controller-root.pem /usr/local/share/ca-certificates/pi-controller.crt && sudo
          update-ca-certificates
        </code>
      </li>
      <li>
        For Chrome and Chromium: open <code>chrome://certificate-manager</code>, Custom, Installed by you, and
        import root.pem as a trusted certificate. Older ones keep it under Settings, Privacy and security,
        Security, Manage certificates, Authorities.
      </li>
    </>
  ),
  firefox: (
    <>
      <li>Download root.pem.</li>
      <li>In Settings, search for “certificates”, choose View Certificates, Authorities, Import.</li>
      <li>Tick “Trust this CA to identify websites”.</li>
    </>
  ),
};
