import type { UserChange, UserView } from "@pi-controller/schema";

/** What is in the form of a user. Empty text stands for nothing. */
export interface UserDraft {
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly oidcSubject: string;
  readonly newPassword: string;
}

/** Only what differs: somebody else may have changed the rest in the meantime. */
export function changesOf(user: UserView, draft: UserDraft): Omit<UserChange, "password"> {
  const subject = draft.oidcSubject.trim() === "" ? null : draft.oidcSubject.trim();
  const sameRoles = [...draft.roles].sort().join() === [...user.roles].sort().join();
  return {
    ...(sameRoles ? {} : { roles: [...draft.roles] }),
    ...(draft.disabled === user.disabled ? {} : { disabled: draft.disabled }),
    ...(subject === user.oidcSubject ? {} : { oidcSubject: subject }),
    ...(draft.newPassword === "" ? {} : { newPassword: draft.newPassword }),
  };
}
