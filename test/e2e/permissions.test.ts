import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Guards } from "../../infra/index.js";
import { leaseKey } from "../../lambdas/core/keys.js";
import { encodeSegment } from "../../lambdas/core/segments.js";
import { HANDLERS } from "../../lambdas/core/entries.js";
import { PROTOCOL_DENIED, RENEWAL_SECONDS } from "../../protocol/index.js";
import type { InvocationReport } from "../../local/lambda/pool.js";
import { RECORD_VARIABLE, type RecordLine } from "../../local/iam/record.js";
import { GUARDS, SUBSCRIPTIONS } from "./support/all-guards.js";
import { deleteGrant, type GrantPlace } from "./support/grants.js";
import { GuardCode } from "./support/guard-functions.js";
import { useHistories } from "./support/histories.js";
import { attend } from "./support/permissions/presence.js";
import type { Tools } from "./support/permissions/tools.js";
import { putRow } from "./support/rows.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

/** What the platform does for a function, and not the function itself. */
const PLATFORM = /^logs:/;

/** A part of a policy to do without: how `scripts/iam-mutate.mjs` shows that each one is needed. */
const MISSING = process.env["PUSH_IT_TEST_WITHOUT"] ? (JSON.parse(process.env["PUSH_IT_TEST_WITHOUT"]) as GrantPlace) : undefined;

/** A file for the template that is run: from there the same script knows what could be missing. */
const TEMPLATE = process.env["PUSH_IT_TEST_TEMPLATE"];

/** A part of the work, and those functions that do most of theirs in it. */
type Step = [serves: string, work: () => Promise<unknown>];

/** All the work: where a grant is missing, that of its function comes first, so that this is noticed soon. */
const inOrder = (steps: readonly Step[]): readonly Step[] => {
  const isFirst = ([serves]: Step): boolean => serves.split(" ").some((name) => MISSING?.policy.startsWith(`PushIt${name}Role`));
  return [...steps.filter(isFirst), ...steps.filter((step) => !isFirst(step))];
};

/** A promise that can be rejected from outside, and need not be waited for. */
const rejectable = (): { promise: Promise<never>; reject: (error: Error) => void } => {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejectPromise) => (reject = rejectPromise));
  promise.catch(() => undefined);
  return { promise, reject };
};

describe("what the functions may do", () => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-permissions-"));
  const recording = join(folder, "permissions");
  /** Connections that take no posts. */
  const slow = new Set<string>();
  /** Connections that API Gateway calls gone, and others whose `$disconnect` it forgets: that of the first, too. */
  const gone = new Set<string>();
  const lost = new Set<string>();
  const refused = rejectable();
  const code = new GuardCode();
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.start({
      guardFunctions: (stack) => Guards.fromLambda(Object.fromEntries(HANDLERS.map((handler) => [handler, code.node(stack, handler, GUARDS)]))),
      props: (stack) => ({
        limits: { subscriptionsPerAgent: SUBSCRIPTIONS },
        eventBus: new EventBus(stack, "Bus"),
        channels: {
          "rooms/*": { presence: true },
          "gathering/*": { linger: Duration.millis(50) },
          "kept/*": { latest: true },
          "history/*": { history: {} },
          "both/*": { linger: Duration.millis(50), latest: true },
        },
      }),
      // A segment is hidden for longer than its worker tries somebody in vain: otherwise SQS gives it to the next ones.
      queueWaitScale: 0.2,
      // Whoever finds such a one is who tells its guard.
      faults: { beforePost: (id) => (gone.has(id) ? "gone" : slow.has(id) ? "limit" : undefined), dropDisconnect: (id) => gone.has(id) || lost.has(id) },
      permissionsLog: recording,
      edit(template) {
        if (TEMPLATE) writeFileSync(TEMPLATE, JSON.stringify(template));
        if (MISSING) deleteGrant(template, MISSING);
      },
      log: ({ source, message }) => source === "iam" && refused.reject(new Error(message)),
    });
  });
  afterAll(async () => {
    await system.close();
    // Its own file, so that it counts its own uses only; `npm run iam` counts those of all tests.
    if (process.env[RECORD_VARIABLE]) appendFileSync(process.env[RECORD_VARIABLE], readFileSync(recording));
    rmSync(folder, { recursive: true, force: true });
    code.remove();
  });

  /** Fails at the first refused call, rather than when its consequence has not come for long enough. */
  const allowed = <T>(work: Promise<T>): Promise<T> => Promise.race([work, refused.promise]);

  /** A connection whose rows say that it is a minute old, and that API Gateway calls gone. */
  const leaveBehind = async (channel: string): Promise<string> => {
    const wire = await allowed(system.connect());
    expect(await allowed(wire.subscribe(channel))).toMatchObject({ successful: true });
    const { connectionId } = await allowed(system.connectionOf(wire));
    const row = (await system.rows()).find(({ pk, sk }) => pk === `c#${channel}` && sk === connectionId);
    await putRow(system.running, { ...row, ttl: String(Number(row?.["ttl"]) - 60) });
    gone.add(connectionId);
    return connectionId;
  };

  /** A denied connection is told so, and closed, when it asks. */
  const askDenied = async (action: "connect" | "ping"): Promise<void> => {
    const wire = await allowed(system.connect({ credentials: "nobody" }));
    wire.send({ action, channel: `/meta/${action}`, uuid: "1" });
    await allowed(wire.ended());
    expect(wire.received).toContainEqual(expect.objectContaining({ successful: false, code: "denied" }));
  };

  /** An agent that should have been renewed long ago. */
  const outlive = async (): Promise<{ wire: Wire; connectionId: string }> => {
    const wire = await allowed(system.connect());
    const { connectionId } = await allowed(system.connectionOf(wire));
    const row = (await system.rows()).find(({ pk, sk }) => pk === `a#${connectionId}` && sk === "agent");
    await putRow(system.running, { ...row, x: String(Date.now() - 1_000 * 2 * RENEWAL_SECONDS) });
    return { wire, connectionId };
  };

  /** Such an agent is told so by whatever it asks, and closed. */
  const askTooLate = async (action: string): Promise<void> => {
    const { wire } = await outlive();
    wire.send({ action, channel: `/meta/${action}`, uuid: "1", data: {} });
    await allowed(wire.ended());
    expect(wire.received).toContainEqual(expect.objectContaining({ successful: false, code: "expired" }));
  };

  /** An agent that is renewed, and then may not stay. */
  const renewAndDeny = async (): Promise<void> => {
    const wire = await allowed(system.connect());
    const refresh = { action: "refresh", channel: "/meta/refresh" };
    expect(await allowed(wire.request(refresh))).toMatchObject({ successful: true });
    expect(await allowed(wire.request({ ...refresh, data: { credentials: "nobody" } }))).toMatchObject({ code: "denied" });
    await allowed(wire.ended());
  };

  /** A registration is left of each: one connection is too old, the other's agent was not renewed. */
  const sweep = async (wire: Wire): Promise<void> => {
    const [old, late] = [await allowed(system.connectionOf(wire)), await outlive()];
    lost.add(old.connectionId);
    await putRow(system.running, { pk: "r#0", sk: `0000000001#${old.connectionId}`, ttl: "9999999999" });
    await putRow(system.running, { pk: "r#0", sk: `0000000001#${late.connectionId}`, ttl: "9999999999", e: "9999999999" });
    await allowed(system.running.runSchedules());
    await allowed(Promise.all([wire.ended(), late.wire.ended(), told(old.connectionId)]));
  };

  /** Resolves when the guard of a connection's leaving has been told. */
  const told = (connectionId: string): Promise<InvocationReport> =>
    system.invoked(
      (all) => all.find(({ functionId, event }) => functionId.startsWith("onDisconnect") && JSON.stringify(event).includes(connectionId)),
      `onDisconnect of ${connectionId}`,
    );

  /** A connection that is subscribed, and takes nothing until it is let. */
  const takeNothing = async (channel: string): Promise<{ wire: Wire; takeAll: () => void }> => {
    const wire = await allowed(system.connect());
    await allowed(wire.subscribe(channel));
    const { connectionId } = await allowed(system.connectionOf(wire));
    slow.add(connectionId);
    return { wire, takeAll: () => slow.delete(connectionId) };
  };

  const idOf = (name: string): string => system.running.model.functions.find((each) => each.logicalId.startsWith(`PushIt${name}`))!.logicalId;

  /** Resolves when a function has run once more than now. */
  const nextRun = (name: string): Promise<unknown> => {
    const runs = (): number => system.invocations.filter(({ functionId }) => functionId === idOf(name)).length;
    const before = runs();
    return allowed(system.invoked(() => runs() > before, `${name} to run`));
  };

  /** Delivers to who is there, finds who is gone, and hands on who takes nothing. */
  const publishBy = async (action: "publish" | "send", publisher: Wire): Promise<void> => {
    const left = await leaveBehind(action);
    const { wire, takeAll } = await takeNothing(action);
    const handedOn = nextRun(action === "publish" ? "PublishFunction" : "SendFunction");
    publisher.send({ action, channel: action, uuid: action, data: action });
    await allowed(publisher.message(action));
    await allowed(told(left));
    await handedOn;
    takeAll();
    await allowed(wire.message(action));
    for (const channel of ["gathering/1", "kept/1"]) publisher.send({ action, channel, uuid: `${action}-also`, data: action });
    const announced = nextRun("AnnounceFunction");
    publisher.send({ action, channel: "other", uuid: `${action}-move`, data: "move" });
    await announced;
  };

  /** A worker reads on where a publication has stopped, delivers, finds who is gone, and hands on who takes nothing. */
  const workOn = async (subscriber: Wire): Promise<void> => {
    const left = await leaveBehind("worker");
    await allowed(subscriber.subscribe("worker"));
    const { wire, takeAll } = await takeNothing("worker");
    const publications = [{ message: { channel: "worker", uuid: "worker", data: "worker" } }];
    const body = encodeSegment({ publications, recipients: { after: "" }, until: Date.now() + 60_000 });
    expect(await allowed(system.running.invoke(idOf("DeliverFunction"), { Records: [{ body, attributes: { ApproximateReceiveCount: "1" } }] }))).toMatchObject({ ok: true });
    await allowed(Promise.all([subscriber.message("worker"), told(left)]));
    takeAll();
    await allowed(wire.message("worker"));
    await allowed(subscriber.unsubscribe("worker"));
  };

  /** What gathers is delivered as any publication is, also where only the sweep finds that somebody has to. */
  const gather = async (publisher: Wire): Promise<void> => {
    const left = await leaveBehind("both/1");
    await allowed(publisher.subscribe("both/1"));
    const { wire, takeAll } = await takeNothing("both/1");
    const handedOn = nextRun("FlushFunction");
    await allowed(publisher.publish("both/1", "both"));
    await allowed(Promise.all([publisher.message("both"), told(left), handedOn]));
    takeAll();
    await allowed(wire.message("both"));
    await allowed(publisher.unsubscribe("both/1"));
    const listener = await allowed(system.connect());
    await allowed(publisher.publish("kept/1", "kept"));
    expect((await allowed(listener.subscribe("kept/1"))).data).toMatchObject({ latest: { data: "kept" } });
    const flushed = nextRun("FlushFunction");
    await putRow(system.running, { ...leaseKey("gathering/2"), o: "nobody", u: "1", ttl: "9999999999" });
    await allowed(system.running.runSchedules());
    await flushed;
  };

  /** The same for the back end. */
  const publishForBackEnd = async (subscriber: Wire): Promise<void> => {
    const left = await leaveBehind("backend");
    const { wire, takeAll } = await takeNothing("backend");
    const request = { version: 1, publish: ["backend", "gathering/1", "kept/1"].map((channel) => ({ channel, data: "backend" })) };
    expect(await allowed(system.running.invoke(idOf("PublisherFunction"), request))).toMatchObject({ ok: true });
    await allowed(subscriber.message("backend"));
    await allowed(told(left));
    takeAll();
    await allowed(wire.message("backend"));
  };

  const tools = (): Tools => ({ system, allowed, leaveBehind, takeNothing, told, nextRun });

  it("is what they do: each goes through all its work, is refused nothing, and leaves no grant unused", async () => {
    const wire = await allowed(system.connect());
    await allowed(wire.request({ action: "connect", channel: "/meta/connect" }));
    for (const channel of ["publish", "send", "backend", "other"]) await allowed(wire.subscribe(channel));
    await allowed(wire.unsubscribe("other"));
    await allowed(wire.request({ action: "nonsense" }));
    const tooGreedy = async (): Promise<void> =>
      expect((await allowed(system.connect({ credentials: "greedy" }))).protocol).toBe(PROTOCOL_DENIED);
    const steps: Step[] = [
      ["Publish", () => publishBy("publish", wire)],
      ["Send", () => publishBy("send", wire)],
      ["Connect Disconnect", tooGreedy],
      ["Publisher", () => publishForBackEnd(wire)],
      ["Deliver", () => workOn(wire)],
      ["Flush", () => gather(wire)],
      ["Publish Send Publisher Subscribe Ping History", () => useHistories(system, wire, { allowed, publisherId: idOf("PublisherFunction") })],
      ["Subscribe Unsubscribe Disconnect Ping Presence Announce", () => attend(tools(), wire)],
      ["Handshake Disconnect", () => askDenied("connect")],
      ["Ping Disconnect", () => askDenied("ping")],
      ["Subscribe", () => askTooLate("subscribe")],
      ["Unsubscribe", () => askTooLate("unsubscribe")],
      ["History", () => askTooLate("history")],
      ["Presence", () => askTooLate("presence")],
      ["DefaultRoute", () => askTooLate("nonsense")],
      ["Refresh Disconnect", renewAndDeny],
      ["Sweep Disconnect", async () => sweep(await allowed(system.connect()))],
    ];
    for (const [, work] of inOrder(steps)) await work();

    const lines = readFileSync(recording, "utf8").trim().split("\n").map((line) => JSON.parse(line) as RecordLine);
    const grants = (kind: RecordLine["kind"]): string[] =>
      lines.flatMap((line) => (line.kind === kind && "role" in line ? `${line.role} ${line.action} ${line.resource}` : []));
    const used = new Set(grants("used"));
    const mine = grants("granted").filter((grant) => grant.startsWith("PushIt") && !PLATFORM.test(grant.split(" ")[1] ?? ""));
    expect(mine.length).toBeGreaterThan(30);
    expect(mine.filter((grant) => !used.has(grant))).toEqual([]);
    expect(system.logs.filter(({ source }) => source === "iam")).toEqual([]);
  });
});
