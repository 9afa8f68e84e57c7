import * as z from "zod";

const MIN_PASSWORD_LENGTH = 12;

/**
 * A password as it is set. Length counts for more than kinds of characters (NIST SP 800-63B section 5.1.1.2); an
 * admin's also guards the authority of the mesh against whoever holds a stolen card.
 */
export const newPasswordSchema = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `expected at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(256, "expected at most 256 characters");

/** A password as it is entered to be checked: whether it is right is not for a schema to say. */
export const passwordSchema = z.string("expected your password").min(1, "expected your password").max(256);

/** Set-up code as people write it: case, spaces and dashes do not matter, I L O count as 1 1 0. */
export const setupCodeSchema = z
  .string("expected the set-up code of the node")
  .min(1, "expected the set-up code of the node")
  .max(200);
