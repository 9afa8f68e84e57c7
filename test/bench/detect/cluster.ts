import { waitFor } from "../../support/wait.ts";
import type { MemberProcess } from "./member-process.ts";

const CONVERGE_WITHIN_MS = 120_000;

/** A number of processes that watch each other. */
export abstract class Cluster {
  abstract readonly name: string;
  readonly members = new Map<string, MemberProcess>();

  /** Starts all; resolves when all see all. */
  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const name = `${this.name}-${index}`;
      this.members.set(name, await this.launch(name));
    }
    await this.converged();
  }

  /** Starts a member that was killed again, in its place. */
  async restart({ name }: MemberProcess): Promise<void> {
    this.members.set(name, await this.launch(name));
  }

  /** Resolves when everyone sees everyone else alive. */
  async converged(): Promise<void> {
    const all = [...this.members.values()];
    await waitFor(
      `all of ${this.name} see each other`,
      () => {
        const ended = all.find(({ running }) => !running);
        if (ended !== undefined) throw new Error(`${ended.name} ended:\n${ended.output}`);
        return all.every((one) => all.every((other) => one === other || one.believes(other) === "alive"));
      },
      { withinMs: CONVERGE_WITHIN_MS },
    );
  }

  othersThan(member: MemberProcess): MemberProcess[] {
    return [...this.members.values()].filter((other) => other !== member);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.members.values()].map((member) => member.end()));
  }

  protected abstract launch(name: string): Promise<MemberProcess>;
}
