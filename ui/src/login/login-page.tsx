import { loginRequestSchema, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { ClockNotice } from "../components/clock-notice.tsx";
import { Field } from "../components/field.tsx";
import { PasswordField } from "../components/password-field.tsx";
import { StartPage } from "../components/start-page.tsx";
import { Form } from "../forms/form.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useIdentity } from "../identity/identity-context.ts";
import type { EndReason } from "../identity/phase.ts";
import { OidcButton } from "./oidc-button.tsx";

const reasons: Readonly<Record<EndReason, string>> = {
  "logged-out": "You are logged out.",
  elsewhere: "You were logged out in another tab.",
  expired: "Your session has ended. Log in to go on where you were.",
};

/** Asks who one is. The address bar keeps the page that one wanted, which is shown after. */
export function LoginPage() {
  const identity = useIdentity();
  const submission = useSubmission();
  const [userName, setUserName] = useState(identity.lastUserName.value);
  const [password, setPassword] = useState("");
  const status = identity.status.value;
  const meshName = status?.meshName ?? null;
  const reason = identity.ended.value;
  const login = async () => {
    const request = parseInput(loginRequestSchema, { userName: userName.trim(), password }, "login");
    try {
      await identity.login(request);
    } finally {
      setPassword("");
    }
  };
  return (
    <StartPage title={meshName === null ? "Log in" : `Log in to ${meshName}`}>
      {reason !== null && (
        <p class="notice" role="status">
          {reasons[reason]}
        </p>
      )}
      <ClockNotice />
      <section class="panel" aria-label="Log in">
        <Form
          action="Log in"
          busyText="Logging in …"
          submission={submission}
          shownFields={["userName", "password"]}
          onSubmit={login}
        >
          <Field
            label="User name"
            value={userName}
            onInput={setUserName}
            autoFocus={userName === ""}
            autoComplete="username"
            problem={submission.problemOf("userName")}
          />
          <PasswordField
            label="Password"
            value={password}
            onInput={setPassword}
            autoFocus={userName !== ""}
            kind="current-password"
            problem={submission.problemOf("password")}
          />
        </Form>
        <OidcButton />
      </section>
      <p class="muted">
        This is node <b>{status?.nodeName}</b>. The login works on every node of the mesh. Who has forgotten
        the password asks an admin to reset it.
      </p>
    </StartPage>
  );
}
