// `npm start` as a user does it: the mesh comes up, its pages answer, Ctrl-C ends all of it.
import { spawn } from "node:child_process";

const WITHIN_MS = 5 * 60_000;
const PEERS = 3;

const child = spawn("npm", ["start"], { stdio: ["ignore", "pipe", "inherit"], detached: true });
const deadline = setTimeout(() => fail(`not up within ${WITHIN_MS / 1000} s`), WITHIN_MS);
let output = "";
let tried = false;
child.stdout.on("data", (chunk) => {
  process.stdout.write(chunk);
  output += chunk;
  if (tried || !output.includes("Ctrl-C ends it")) return;
  tried = true;
  tryPages().catch((error) => fail(error.message));
});
child.on("exit", (code, signal) => {
  clearTimeout(deadline);
  // npm itself may die of the Ctrl-C that it passes on.
  if (!tried || (code !== 0 && signal !== "SIGINT")) fail(`npm start ended with ${code ?? signal}`);
  else tryGone().catch((error) => fail(error.message));
});

let urls = [];

async function tryPages() {
  urls = [...new Set(output.match(/http:\/\/127\.0\.0\.1:\d+/g))].slice(-PEERS);
  if (urls.length !== PEERS) throw new Error(`expected ${PEERS} URLs, not ${urls.join(" ")}`);
  for (const url of urls) {
    const page = await fetch(url);
    if (!page.ok || !(await page.text()).includes("<html")) throw new Error(`${url} does not serve the UI`);
  }
  for (let left = 100; ; left--) {
    const answers = await Promise.all(
      urls.map(async (url) => (await fetch(`${url}/api/v1/nodes?state=alive`)).json()),
    );
    if (answers.every(({ total }) => total === PEERS)) break;
    if (left === 0)
      throw new Error(
        `not everyone is alive everywhere: ${JSON.stringify(answers.map(({ total }) => total))}`,
      );
    await new Promise((wake) => setTimeout(wake, 100));
  }
  console.log(`All ${PEERS} peers see each other alive, and serve the UI.`);
  // What a terminal does on Ctrl-C: the signal goes to the whole foreground group.
  signalGroup("SIGINT");
}

async function tryGone() {
  for (const url of urls) {
    for (let left = 100; await answers(url); left--) {
      if (left === 0) throw new Error(`${url} still answers after Ctrl-C`);
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }
  console.log("Ctrl-C ended all of it.");
}

function answers(url) {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

/** Signals npm and what runs in its process group. */
function signalGroup(signal) {
  if (child.pid !== undefined) process.kill(-child.pid, signal);
}

function fail(reason) {
  console.error(`npm start: ${reason}`);
  try {
    signalGroup("SIGTERM");
  } catch {
    // It is gone already.
  }
  process.exit(1);
}
