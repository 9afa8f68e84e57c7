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
  const stranger = await fetch(`${urls[0]}/api/v1/nodes`);
  if (stranger.status !== 401) throw new Error(`a stranger was answered ${stranger.status}, not 401`);
  const [, password] = /with the password (\S+)/.exec(output) ?? [];
  const cookies = await Promise.all(urls.map((url) => logIn(url, password)));
  for (let left = 100; ; left--) {
    const answers = await Promise.all(
      urls.map(async (url, index) =>
        (await fetch(`${url}/api/v1/nodes?state=alive`, { headers: { cookie: cookies[index] } })).json(),
      ),
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

/** As printed for people: one password for every peer. */
async function logIn(url, password) {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ userName: "admin", password }),
  });
  if (!answer.ok) throw new Error(`${url} does not let the admin in: ${answer.status}`);
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
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
