import type { Random } from "@pi-controller/runtime";
import { correlationIdSchema } from "@pi-controller/schema";

/** The client's correlation id when it is a proper one, a new one otherwise. */
export function correlationIdOf(header: string | readonly string[] | undefined, random: Random): string {
  const given = correlationIdSchema.safeParse(header);
  return given.success ? given.data : newCorrelationId(random);
}

/** 16 hexadecimal digits. No secret: it only has to differ from those of the same days. */
function newCorrelationId(random: Random): string {
  const word = () =>
    Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return word() + word();
}
