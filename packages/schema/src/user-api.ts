import * as z from "zod";
import { roleNameSchema, ruleSchema, userNameSchema } from "./access.ts";
import { newPasswordSchema, passwordSchema } from "./credentials.ts";
import { timestampSchema } from "./primitives.ts";

export const userViewSchema = z.object({
  id: z.string(),
  name: userNameSchema,
  roles: z.array(z.string()),
  disabled: z.boolean(),
  oidcSubject: z.string().nullable(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  canUnseal: z.boolean(),
  self: z.boolean(),
});
export type UserView = z.infer<typeof userViewSchema>;
export const userListSchema = z.object({ items: z.array(userViewSchema) });
export type UserList = z.infer<typeof userListSchema>;

/** Body of `POST /api/v1/users`. `password` is the acting admin's own, as everywhere. */
export const userCreationSchema = z.strictObject({
  name: userNameSchema,
  roles: z.array(roleNameSchema).max(32),
  newPassword: newPasswordSchema,
  oidcSubject: z.string().min(1).max(255).nullable().optional(),
  password: passwordSchema,
});
export type UserCreation = z.infer<typeof userCreationSchema>;

/** Body of `PUT /api/v1/users/{id}`; what is left out stays. `newPassword` resets the user: his tokens and sessions end. */
export const userChangeSchema = z.strictObject({
  roles: z.array(roleNameSchema).max(32).optional(),
  disabled: z.boolean().optional(),
  newPassword: newPasswordSchema.optional(),
  oidcSubject: z.string().min(1).max(255).nullable().optional(),
  password: passwordSchema,
});
export type UserChange = z.infer<typeof userChangeSchema>;

/** Body of `PUT /api/v1/session/password`: changes one's own. Ends one's other sessions on all nodes. */
export const passwordChangeSchema = z.strictObject({
  password: passwordSchema,
  newPassword: newPasswordSchema,
});
export type PasswordChange = z.infer<typeof passwordChangeSchema>;

export const roleViewSchema = z.object({
  name: roleNameSchema,
  description: z.string(),
  rules: z.array(ruleSchema),
  builtIn: z.boolean(),
});
export type RoleView = z.infer<typeof roleViewSchema>;
export const roleListSchema = z.object({ items: z.array(roleViewSchema) });
export type RoleList = z.infer<typeof roleListSchema>;
/** Body of `PUT /api/v1/roles/{name}`: makes the role or replaces it. */
export const roleChangeSchema = z.strictObject({
  description: z.string().max(200).optional(),
  rules: z.array(ruleSchema).max(64),
  password: passwordSchema,
});
export type RoleChange = z.infer<typeof roleChangeSchema>;
