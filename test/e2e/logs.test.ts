import * as lambda from "aws-cdk-lib/aws-lambda";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Guards } from "../../infra/index.js";
import { Meta, type Reply } from "../../protocol/index.js";
import type { Publisher } from "push-it-server/publisher";
import { publisherOf } from "./support/publisher.js";
import { GuardCode } from "./support/guard-functions.js";
import { TestSystem } from "./support/system.js";

/** Secrets that no log may have: tokens, published data, and texts of guards and of server programs. */
const PLANTED = [
  "planted-token",
  "planted-ticket",
  "planted-claim",
  "planted-data",
  "planted-reason",
  "planted-result",
  "planted-thrown",
];

/** Fails as guards do that parse invalid JSON: the error quotes the text. */
const READ = "const read = (text) => JSON.parse(text);";

const GUARDS = `
  ${READ}
  export default {
    onConnectionRequest(agent) {
      if (agent.credentials === "planted-token") read(agent.credentials);
      if (agent.credentials?.token !== "planted-token") return agent.connectionDenied("planted-reason");
      agent.credentials = "planted-claim";
      agent.connected({ userId: "ada" });
    },
    onSubscriptionRequest(channel, agent, token) {
      if (channel.name === "ticket/2") read(token.ticket);
      if (channel.name === "ticket/1" && token?.ticket !== "planted-ticket") return agent.subscriptionDenied(channel);
      if (channel.name === "no") return agent.subscriptionDenied(channel, "planted-reason");
      if (channel.name === "text") throw "planted-thrown";
      if (channel.name === "timer") return void setTimeout(() => read(agent.credentials));
      agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      if (channel.name === "no") return agent.publicationDenied(message, "planted-reason");
      if (channel.name === "never") return;
      if (channel.name === "broken") read(message.data);
      channel.publish(message);
      agent.publicationSuccess(message, "planted-result");
      agent.publicationSuccess(message, "planted-result");
    },
    onMessageReceived(channel, agent, message) {
      if (channel.name === "deaf") read(message.data);
      agent.deliver(channel, message);
    },
    onDisconnect: (agent) => read(agent.credentials),
  };
`;

/** Guards that break in functions of their own: with `guardHandler`, and without. */
const HANDLER = `
  import { guardHandler } from "push-it-server/guards";
  ${READ}
  export const handler = guardHandler({
    onSubscriptionRequest: (channel, agent, token) => read(token?.ticket ?? agent.credentials),
    onMessageReceived: (channel, agent, message) => read(message.data),
  });`;
const LIAR =
  'export const handler = async ({ agent }) => ({ version: 1, verdict: agent.credentials, said: "planted-thrown" });';

const code = new GuardCode();
afterAll(() => code.remove());

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start({
    guards: GUARDS,
    guardFunctions: (stack) => {
      const handler = code.node(stack, "Handler", HANDLER);
      (handler.node.defaultChild as lambda.CfnFunction).loggingConfig = {
        logFormat: "JSON",
        applicationLogLevel: "DEBUG",
      };
      return Guards.fromLambda({
        channels: {
          // Says nothing of its log, which is in text, then: every line of it is kept.
          "plain/*": { onSubscriptionRequest: code.node(stack, "Plain", HANDLER) },
          "own/*": { onSubscriptionRequest: handler },
          mute: { onMessageReceived: handler },
          "lies/*": { onSubscriptionRequest: code.node(stack, "Liar", LIAR) },
        },
      });
    },
    props: {
      applicationLogLevel: lambda.ApplicationLogLevel.DEBUG,
      channels: { "ticket/*": { history: {}, presence: true } },
    },
    addResources: (stack, pushIt) =>
      pushIt.grantPublish(new Role(stack, "BackEnd", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") })),
  });
});
afterAll(() => system.close());

const publisher = (): Publisher => publisherOf(system, "BackEnd");

const above = (): string[] => system.logs.filter(({ level }) => level !== "debug").map(({ message }) => message);

test("no log above debug level holds credentials, messages, results or reasons", async () => {
  const agent = await system.connect({ credentials: { token: "planted-token" } });
  const { connectionId } = await system.connectionOf(agent);
  const failed = { successful: false, code: "guard_failed" };
  for (const channel of ["yes", "deaf", "mute"]) await agent.subscribe(channel);
  await agent.subscribe("no");
  for (const channel of ["text", "timer", "own/a", "plain/a", "lies/a"])
    expect(await agent.subscribe(channel)).toMatchObject(failed);
  await agent.publish("yes", "planted-data");
  for (const channel of ["deaf", "mute"]) await agent.publish(channel, "planted-data");
  await agent.publish("no", "planted-data");
  await agent.publish("never", "planted-data");
  expect(await agent.publish("broken", "planted-data")).toMatchObject(failed);
  agent.send({ action: "send", channel: "no", uuid: "s", data: "planted-data" });
  agent.send("planted-data, but no JSON");
  const refresh = { action: "refresh", channel: Meta.refresh };
  expect(await agent.request({ ...refresh, data: { credentials: "planted-token" } })).toMatchObject(failed);
  expect(
    await agent.request({ ...refresh, data: { credentials: ["planted-token", "x".repeat(5_000)] } }),
  ).toMatchObject({ successful: false });
  const ticket = (token: string) => ({ token: { ticket: token } });
  const replies: unknown[] = [];
  const withToken = async (channel: string, token: object, action = "subscribe"): Promise<Reply> => {
    const reply = await agent.request({ action, channel: `/meta/${action}`, data: { channel, ...token } });
    replies.push(reply);
    return reply;
  };
  for (const action of ["subscribe", "history", "presence"])
    expect(await withToken("ticket/1", ticket("planted-ticket"), action)).toMatchObject({ successful: true });
  for (const channel of ["ticket/2", "own/b", "plain/b"])
    expect(await withToken(channel, ticket("planted-ticket"))).toMatchObject(failed);
  expect(await withToken("ticket/3", ticket("planted-ticket".repeat(200)))).toMatchObject({ code: "too_large" });
  for (const where of [replies, await system.rows()]) expect(JSON.stringify(where)).not.toContain("planted-ticket");
  const denied = await system.connect({ credentials: { token: "wrong", also: "planted-token" } });
  await denied.subscribe("yes");
  expect(
    await (
      await system.connect({ credentials: "planted-token" })
    ).request({ action: "connect", channel: Meta.connect }),
  ).toMatchObject(failed);
  await system.invoked((all) => all.some(({ event }) => JSON.stringify(event).includes('"routeKey":"send"')), "send");

  await publisher().publish("yes", "planted-data");
  await publisher()
    .publish("/meta/no", { and: "planted-data" })
    .catch(() => undefined);
  await publisher().unsubscribe({ userId: "ada" }, "yes", "planted-reason");
  await publisher().disconnect({ userId: "ada" }, "planted-reason");
  await system.disconnected(connectionId);

  const written = above();
  for (const event of ["guard_verdict_ignored", "guard_timeout", "connection_denied"]) {
    expect(written.some((message) => message.includes(event))).toBe(true);
  }
  for (const guard of [
    "onConnectionRequest",
    "onSubscriptionRequest",
    "onPublicationRequest",
    "onMessageReceived",
    "onDisconnect",
  ]) {
    expect(written.some((message) => message.includes("guard_failed") && message.includes(guard))).toBe(true);
  }
  expect(written.some((message) => message.includes("SyntaxError") && message.includes(" at read "))).toBe(true);
  for (const secret of PLANTED) expect(written.filter((message) => message.includes(secret))).toEqual([]);
  const plain = system.logs.filter(({ source }) => source.startsWith("Plain")).map(({ message }) => message);
  expect(plain.some((message) => message.includes("guard_failed") && message.includes("SyntaxError"))).toBe(true);
  for (const secret of PLANTED) expect(plain.filter((message) => message.includes(secret))).toEqual([]);
  // They are at debug level. So the assertion above has looked in the right place.
  const debug = system.logs.filter(({ level }) => level === "debug").map(({ message }) => message);
  const said = debug.filter((message) => message.includes("guard_said"));
  for (const secret of ["planted-token", "planted-ticket", "planted-claim", "planted-data", "planted-thrown"]) {
    expect(said.some((message) => message.includes(secret))).toBe(true);
  }
  expect(debug.some((message) => message.includes("guard_function_said") && message.includes("planted-thrown"))).toBe(
    true,
  );
});
