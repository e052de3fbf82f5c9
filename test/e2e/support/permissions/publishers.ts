import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import aws4 from "aws4";
import type { Stack } from "aws-cdk-lib";
import { EventField, Rule } from "aws-cdk-lib/aws-events";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { PushIt } from "../../../../infra/index.js";
import { credentialsOf, publisherOf } from "../publisher.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";
import type { Step } from "./work.js";

/** One role for each grant of a server program, and a rule that publishes. */
export const addPublishers = (stack: Stack, pushIt: PushIt): void => {
  const role = (id: string): Role =>
    new Role(stack, id, { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
  pushIt.grantPublish(role("MayPublish"));
  pushIt.grantPublishUrl(role("MayUseUrl"));
  pushIt.grantDisconnect(role("MayDisconnect"));
  pushIt.grantConnectionInfo(role("MayAsk"));
  const rule = new Rule(stack, "Sold", { eventPattern: { source: ["shop"] } });
  rule.addTarget(pushIt.publishTarget({ channel: "granted", data: EventField.fromPath("$.detail.what") }));
};

/** The work of these roles. */
export const asPublishers = (tools: Tools): Step[] => {
  const subscribed = async (): Promise<Wire> => {
    const wire = await tools.allowed(tools.system.connect());
    expect(await tools.allowed(wire.subscribe("granted"))).toMatchObject({ successful: true });
    return wire;
  };
  return [
    ["MayPublish", async () => publishWithSdk(tools, await subscribed())],
    ["MayUseUrl", async () => publishByUrl(tools, await subscribed())],
    ["MayDisconnect MayAsk", async () => manage(tools, await subscribed())],
    ["Sold", async () => publishByRule(tools, await subscribed())],
  ];
};

const publishWithSdk = async ({ system, allowed }: Tools, wire: Wire): Promise<void> => {
  await allowed(publisherOf(system, "MayPublish").publish("granted", "by the SDK"));
  await allowed(wire.message("by the SDK"));
};

const publishByUrl = async ({ system, allowed }: Tools, wire: Wire): Promise<void> => {
  const [, url] = Object.entries(system.running.functionUrls).find(([id]) => id.startsWith("PushItPublisher"))!;
  const body = JSON.stringify({ version: 1, publish: [{ channel: "granted", data: "by the URL" }] });
  const { host } = new URL(url);
  const request = {
    host,
    path: "/",
    method: "POST",
    service: "lambda",
    region: "us-east-1",
    headers: { "content-type": "application/json" },
    body,
  };
  const { headers } = aws4.sign(request, credentialsOf(system, "MayUseUrl"));
  const answer = await allowed(fetch(url, { method: "POST", body, headers: headers as Record<string, string> }));
  expect(answer.status).toBe(200);
  await allowed(wire.message("by the URL"));
};

const manage = async ({ system, allowed }: Tools, wire: Wire): Promise<void> => {
  const { connectionId: ConnectionId } = await allowed(system.connectionOf(wire));
  const clientOf = (role: string): ApiGatewayManagementApiClient =>
    new ApiGatewayManagementApiClient({
      endpoint: system.running.managementUrl,
      region: "us-east-1",
      credentials: credentialsOf(system, role),
    });
  const [asking, closing] = [clientOf("MayAsk"), clientOf("MayDisconnect")];
  expect(await allowed(asking.send(new GetConnectionCommand({ ConnectionId })))).toHaveProperty("ConnectedAt");
  await allowed(closing.send(new DeleteConnectionCommand({ ConnectionId })));
  await allowed(wire.ended());
  for (const client of [asking, closing]) client.destroy();
};

const publishByRule = async ({ system, allowed }: Tools, wire: Wire): Promise<void> => {
  const event = {
    version: "0",
    id: "event-1",
    "detail-type": "Sold",
    source: "shop",
    account: "123456789012",
    time: "2026-01-01T00:00:00Z",
    region: "us-east-1",
    resources: [],
    detail: { what: "by a rule" },
  };
  expect(system.running.emit(event)).toEqual([expect.stringMatching(/^Sold/)]);
  await allowed(wire.message("by a rule"));
};
