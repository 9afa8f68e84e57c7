// `npm run bench -- NAME [flags]`: runs one benchmark; its last line is its name and figures.
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { nodeCommand, repositoryRoot, run } from "./processes.ts";

const directory = join(repositoryRoot, "test", "bench");
const names = globSync("*.ts", { cwd: directory })
  .map((file) => basename(file, ".ts"))
  .sort();
const [name = "", ...flags] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [flags]\n\nBenchmarks: ${names.join(", ")}`);
  process.exit(2);
}
process.exitCode = await run([...nodeCommand, "--expose-gc", join(directory, `${name}.ts`), ...flags]);
