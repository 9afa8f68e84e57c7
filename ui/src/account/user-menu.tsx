import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { useSubmission } from "../forms/submission.ts";
import { useIdentity, usePrincipal } from "../identity/identity-context.ts";
import { path } from "../route/location.ts";
import { securityPath } from "../route/route.ts";
import { ChangePasswordDialog } from "./change-password-dialog.tsx";

/** Who is logged in, and what he can do about himself. */
export function UserMenu() {
  const identity = useIdentity();
  const principal = usePrincipal();
  const submission = useSubmission();
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const [changing, setChanging] = useState(false);
  useClosing(menu, open, setOpen);
  const roles = principal.roles.length === 0 ? "no role" : principal.roles.join(", ");
  return (
    <div
      class="user-menu"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        class="user-button"
        aria-expanded={open}
        aria-controls="user-menu"
        onClick={() => setOpen(!open)}
      >
        <Icon name="user" />
        <span class="user-name">{principal.userName}</span>
      </button>
      {open && (
        <div id="user-menu" class="menu">
          <p class="menu-head">
            <b>{principal.userName}</b>
            <span class="muted">{roles}</span>
          </p>
          {principal.userId !== null && (
            <button type="button" onClick={() => setChanging(true)}>
              Change password
            </button>
          )}
          <a href={securityPath("sessions")}>My sessions</a>
          <a href={securityPath("api-tokens")}>My API tokens</a>
          <button
            type="button"
            disabled={submission.busy}
            onClick={() => void submission.run(() => identity.logout())}
          >
            {submission.busy ? "Logging out …" : "Log out"}
          </button>
          {submission.error !== null && (
            <p class="problem" role="alert">
              Not logged out: {submission.error.message}
            </p>
          )}
        </div>
      )}
      {changing && <ChangePasswordDialog onClose={() => setChanging(false)} />}
    </div>
  );
}

/** Closes the menu on a click outside of it, when the focus leaves it, and when another page is opened. */
function useClosing(
  menu: { readonly current: HTMLElement | null },
  open: boolean,
  setOpen: (open: boolean) => void,
): void {
  useEffect(() => setOpen(false), [path.value]);
  useEffect(() => {
    if (!open) return;
    const close = ({ target }: Event) => {
      if (target instanceof Node && !menu.current?.contains(target)) setOpen(false);
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("focusin", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("focusin", close);
    };
  }, [open]);
}
