import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import type { ChannelOptions } from "../../../../infra/index.js";
import type { InvocationReport } from "../../../../local/services/lambda/runtime/pool.js";
import { RECORD_VARIABLE, type RecordLine } from "../../../../local/services/iam/permission-recorder.js";
import { deletePart, type Place } from "../grants.js";
import { putRow } from "../rows.js";
import { TestSystem, type TestSystemOptions } from "../system.js";
import { LEFT, SUBSCRIPTIONS } from "./guards.js";
import type { Option, Tools } from "./tools.js";

/** Actions of the platform for a function, not of the function itself. */
const PLATFORM = /^logs:/;

/**
 * Actions that DynamoDB's documentation demands of its callers, without a call that one could observe. SQS demands a data
 * key of senders.
 */
const KEY = /^kms:(DescribeKey|Encrypt|GenerateDataKey|ReEncrypt(From|To))$/;

/** A part of the template to do without: how `tools/iam/mutate.mjs` shows that each one is needed. */
export const MISSING = process.env["PUSH_IT_TEST_WITHOUT"]
  ? (JSON.parse(process.env["PUSH_IT_TEST_WITHOUT"]) as Place)
  : undefined;

/** A file for the template that is run: from there the same script knows what could be missing. */
const TEMPLATE = process.env["PUSH_IT_TEST_TEMPLATE"];

/** The channels that have an option. */
export const CHANNELS: { readonly [option in Option]: { readonly [pattern: string]: ChannelOptions } } = {
  presence: { "rooms/*": { presence: { state: true } } },
  linger: { "gathering/*": { linger: Duration.millis(50) } },
  latest: { "kept/*": { latest: true } },
  history: { "history/*": { history: {} } },
};

/** A channel with two options: its flusher keeps the last message. */
export const BOTH: { readonly [pattern: string]: ChannelOptions } = {
  "both/*": { linger: Duration.millis(50), latest: true },
};

/** A stack of which all is asked that its functions can do. */
export interface StackOptions extends Pick<
  TestSystemOptions,
  "addResources" | "guards" | "guardProps" | "guardFunctions" | "props" | "secrets"
> {
  /** The options of its channels. */
  has: readonly Option[];
}

/** Such a stack, running. */
export interface RunningStack {
  tools: Tools;
  /** Throws if a call was refused, or if a function has not used one of its grants. */
  expectNoUnusedGrant(): void;
  close(): Promise<void>;
}

/** A promise that can be rejected from outside, and need not be waited for. */
const rejectable = (): { promise: Promise<never>; reject: (error: Error) => void } => {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejectPromise) => (reject = rejectPromise));
  promise.catch(() => undefined);
  return { promise, reject };
};

/** Broken connections: they take no posts, API Gateway calls them gone, or it forgets their `$disconnect`. */
interface Broken {
  slow: Set<string>;
  gone: Set<string>;
  lost: Set<string>;
}

/** Runs a stack, without the part that is to be missing, if any is. */
export const runStack = async ({ has, props, ...stack }: StackOptions): Promise<RunningStack> => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-permissions-"));
  const recording = join(folder, "permissions");
  const refused = rejectable();
  const broken: Broken = { slow: new Set(), gone: new Set(), lost: new Set() };
  const { slow, gone, lost } = broken;
  const system = await TestSystem.start({
    ...stack,
    props: (scope) => ({
      limits: { subscriptionsPerAgent: SUBSCRIPTIONS },
      ...(typeof props === "function" ? props(scope) : props),
    }),
    // A segment has to be hidden for longer than a worker retries a connection. Otherwise SQS delivers it again.
    queueWaitScale: 0.2,
    // The function that finds such a connection calls `onDisconnect`.
    faults: {
      beforePost: (id) => (gone.has(id) ? "gone" : slow.has(id) ? "limit" : undefined),
      dropDisconnect: (id) => gone.has(id) || lost.has(id),
    },
    permissionsLog: recording,
    edit(template) {
      if (TEMPLATE) writeFileSync(TEMPLATE, JSON.stringify(template));
      if (MISSING) deletePart(template, MISSING);
    },
    log: ({ source, level, message }) =>
      (source === "iam" || (source === "events" && level === "error")) && refused.reject(new Error(message)),
  });
  return {
    tools: toolsOf(system, (option) => has.includes(option), refused.promise, broken),
    expectNoUnusedGrant: () => expectNoUnusedGrant(system, recording),
    async close() {
      await system.close();
      // Its own file, so that it counts its own uses only; `npm run iam` counts those of all tests.
      if (process.env[RECORD_VARIABLE]) appendFileSync(process.env[RECORD_VARIABLE], readFileSync(recording));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const toolsOf = (
  system: TestSystem,
  has: Tools["has"],
  refused: Promise<never>,
  { slow, gone, lost }: Broken,
): Tools => {
  const allowed = <T>(work: Promise<T>): Promise<T> => Promise.race([work, refused]);
  const idOf = (name: string): string =>
    system.running.model.functions.find((each) => each.logicalId.startsWith(`PushIt${name}`))!.logicalId;
  return {
    system,
    has,
    allowed,
    idOf,
    lose: (connectionId) => void lost.add(connectionId),
    async leaveBehind(channel) {
      const wire = await allowed(system.connect());
      expect(await allowed(wire.subscribe(channel))).toMatchObject({ successful: true });
      const { connectionId } = await allowed(system.connectionOf(wire));
      const rows = await system.rows();
      // A function that finds the connection gone starts the notifier, unless a run is under way.
      const room = rows
        .find(({ pk, sk }) => pk === `a#${connectionId}` && sk?.startsWith("s#rooms/"))
        ?.["sk"]?.slice("s#".length);
      const isNotification = ({ event }: InvocationReport): boolean =>
        (event as { channels?: string[] }).channels?.some((channel) => channel === room) === true;
      if (has("presence"))
        await allowed(system.invoked((all) => all.some(isNotification), `${room} with the agent that joined`));
      const row = rows.find(({ pk, sk }) => pk === `c#${channel}` && sk === connectionId);
      await putRow(system.running, { ...row, ttl: String(Number(row?.["ttl"]) - 60) });
      gone.add(connectionId);
      return connectionId;
    },
    async takeNothing(channel) {
      const wire = await allowed(system.connect());
      await allowed(wire.subscribe(channel));
      const { connectionId } = await allowed(system.connectionOf(wire));
      slow.add(connectionId);
      return { wire, takeAll: () => slow.delete(connectionId) };
    },
    disconnectGuardRan: (connectionId) =>
      system.invoked(
        () => system.logs.some(({ message }) => message.includes(`${LEFT} ${connectionId}`)),
        `onDisconnect of ${connectionId}`,
      ),
    nextRun(name) {
      const runs = (): number => system.invocations.filter(({ functionId }) => functionId === idOf(name)).length;
      const before = runs();
      return allowed(system.invoked(() => runs() > before, `${name} to run`));
    },
  };
};

const expectNoUnusedGrant = (system: TestSystem, recording: string): void => {
  const lines = readFileSync(recording, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RecordLine);
  const grants = (kind: RecordLine["kind"]): RecordLine[] =>
    lines.filter((line) => line.kind === kind && "role" in line);
  const textOf = (line: RecordLine): string => `${"role" in line ? line.role : ""} ${line.action} ${line.resource}`;
  const used = new Set(grants("used").map(textOf));
  const mine = grants("granted")
    .filter(({ action }) => !PLATFORM.test(action) && !KEY.test(action))
    .map(textOf)
    .filter((grant) => grant.startsWith("PushIt"));
  expect(mine.length).toBeGreaterThan(30);
  expect(mine.filter((grant) => !used.has(grant))).toEqual([]);
  expect(system.logs.filter(({ source }) => source === "iam")).toEqual([]);
};
