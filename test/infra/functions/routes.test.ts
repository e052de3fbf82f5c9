import type { Template } from "aws-cdk-lib/assertions";
import type { PushItProps } from "../../../infra/index.js";
import { SMALL_REGIONS } from "../../../infra/props/region-sets.js";
import { routeOf } from "../../../infra/functions/routes.js";
import { makeStackIn, only, readable, resourcesOf, synthesize } from "../synth.js";

const template = synthesize();
const everything = synthesize({ channels: { "rooms/*": { history: {}, presence: { state: true } } } });

/** The function of each route, by route key. */
const functionsOf = (from: Template): Record<string, string | undefined> => {
  const integrations = resourcesOf(from, "AWS::ApiGatewayV2::Integration");
  const pairs = Object.values(resourcesOf(from, "AWS::ApiGatewayV2::Route")).map(({ Properties }) => {
    const [, id] = (Properties.Target as { "Fn::Join": [string, [string, { Ref: string }]] })["Fn::Join"][1];
    const integration = readable(integrations[id.Ref]!.Properties) as Record<string, string>;
    expect(integration.IntegrationType).toBe("AWS_PROXY");
    return [Properties.RouteKey, /<(\w+)Function\.Arn>/.exec(integration.IntegrationUri!)?.[1]];
  });
  return Object.fromEntries(pairs) as Record<string, string | undefined>;
};

/** The throttles of each route, by route key. */
const throttlesOf = (from: Template) =>
  only(from, "AWS::ApiGatewayV2::Stage").Properties.RouteSettings as Record<
    string,
    { ThrottlingRateLimit: number; ThrottlingBurstLimit: number }
  >;

const inRegion = (region: string, props: PushItProps = {}): Template => synthesize(props, makeStackIn(region));

const rates = (from: Template): number[] =>
  Object.values(throttlesOf(from)).map(({ ThrottlingRateLimit }) => ThrottlingRateLimit);
const sum = (all: number[]): number => all.reduce((total, each) => total + each, 0);

describe("the routes", () => {
  test("are the protocol's routes, with responses as in the protocol", () => {
    const routes = resourcesOf(template, "AWS::ApiGatewayV2::Route");
    const responses = Object.values(resourcesOf(template, "AWS::ApiGatewayV2::RouteResponse"));
    const answering = new Set(responses.map(({ Properties }) => (Properties.RouteId as { Ref: string }).Ref));
    const actual = Object.entries(routes).map(([id, { Properties }]) => [
      Properties.RouteKey,
      answering.has(id),
      Properties.RouteResponseSelectionExpression,
    ]);
    expect(Object.fromEntries(actual.map(([key, ...rest]) => [key, rest]))).toEqual({
      $connect: [false, undefined],
      $disconnect: [false, undefined],
      connect: [true, "$default"],
      subscribe: [true, "$default"],
      unsubscribe: [true, "$default"],
      publish: [true, "$default"],
      send: [false, undefined],
      ping: [true, "$default"],
      heartbeat: [false, undefined],
      refresh: [true, "$default"],
      presence: [true, "$default"],
      state: [true, "$default"],
      history: [true, "$default"],
      $default: [true, "$default"],
    });
  });

  test("lead to their own function, or to $default if not needed", () => {
    const always = {
      $connect: "Connect",
      $disconnect: "Disconnect",
      connect: "Handshake",
      subscribe: "Subscribe",
      unsubscribe: "Unsubscribe",
      publish: "Publish",
      send: "Send",
      refresh: "Refresh",
      ping: "Ping",
      heartbeat: "Heartbeat",
      $default: "DefaultRoute",
    };
    expect(functionsOf(template)).toEqual({
      ...always,
      presence: "DefaultRoute",
      state: "DefaultRoute",
      history: "DefaultRoute",
    });
    expect(functionsOf(everything)).toEqual({ ...always, presence: "Presence", state: "State", history: "History" });
  });

  // An update never removes a route whose settings the stage keeps.
  test("are the same with and without history and presence", () => {
    for (const type of ["Route", "RouteResponse", "Integration"].map((name) => `AWS::ApiGatewayV2::${name}`)) {
      expect(Object.keys(resourcesOf(template, type))).toEqual(Object.keys(resourcesOf(everything, type)));
    }
    expect(throttlesOf(template)).toEqual(throttlesOf(everything));
    const keys = Object.values(resourcesOf(template, "AWS::ApiGatewayV2::Route")).map(
      ({ Properties }) => Properties.RouteKey,
    );
    expect(Object.keys(throttlesOf(template)).sort()).toEqual(keys.sort());
  });
});

describe("the throttles", () => {
  /** Requests per second of an account, and concurrent ones. */
  const ACCOUNT = { rate: 10_000, burst: 5_000 };
  /** New connections per second of an account. */
  const CONNECTIONS = 500;

  // They also leave some of its new connections for others.
  test("leave two fifths of the account's requests for posts", () => {
    expect(sum(rates(template))).toBe(6_000);
    expect(throttlesOf(template)["$connect"]).toEqual({ ThrottlingRateLimit: 400, ThrottlingBurstLimit: 800 });
    expect(routeOf("connect").requestsPerSecond).toBeLessThan(CONNECTIONS);
  });

  test("are a quarter in a Region with a quarter of the requests", () => {
    expect(SMALL_REGIONS.size).toBe(13);
    for (const region of SMALL_REGIONS) {
      const small = inRegion(region);
      expect(sum(rates(small))).toBe(1_500);
      for (const { ThrottlingRateLimit, ThrottlingBurstLimit } of Object.values(throttlesOf(small))) {
        expect([ThrottlingRateLimit, ThrottlingBurstLimit].every(Number.isInteger)).toBe(true);
        expect(ThrottlingBurstLimit).toBeLessThanOrEqual(ACCOUNT.burst / 4);
      }
    }
    expect(throttlesOf(inRegion("eu-central-1"))).toEqual(throttlesOf(template));
  });

  test("are the user's, also in small Regions and for unused routes", () => {
    const said = { history: { rateLimit: 7, burstLimit: 9 }, publish: { rateLimit: 2_000 } };
    const { history, publish } = throttlesOf(inRegion("eu-south-1", { throttling: said }));
    expect(history).toEqual({ ThrottlingRateLimit: 7, ThrottlingBurstLimit: 9 });
    expect(publish).toEqual({ ThrottlingRateLimit: 2_000, ThrottlingBurstLimit: 500 });
  });
});
