import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { judgeAccount } from "../../../../local/commands/check/account/check.js";
import { planFor, publicationBounds, reconnectionBounds } from "../../../../local/commands/check/account/bounds.js";
import { regionNotes } from "../../../../local/commands/check/account/report.js";
import { REQUESTS_PER_SECOND } from "../../../../local/commands/remote/quotas.js";
import { DEFAULT_QUOTAS } from "../../../../tools/bench/scale/quotas.js";
import { run } from "../../cli/support.js";

/** AWS's responses about an account, by operation, as AWS documents these operations. */
interface Answers {
  concurrency: number;
  rate: number;
  /** Quotas that were raised, by code; others have AWS's default. */
  raised: Record<string, number>;
  role?: string;
  /** Operations that these credentials may not do. */
  denied?: string[];
}

const DEFAULTS: Record<string, number> = { "L-9ED1E49A": 500, "L-CF0CBE56": 40_000, "L-AB614373": 40_000 };

const bodyOf = async (request: IncomingMessage): Promise<Record<string, string>> => {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? {} : (JSON.parse(text) as Record<string, string>);
};

/** The parts of AWS that describe an account, over HTTP. They require signed requests. */
class FakeAws {
  readonly server: Server;
  /** Operations that were asked for. */
  readonly asked: string[] = [];
  answers: Answers = { concurrency: 1_000, rate: 10_000, raised: {} };

  constructor() {
    this.server = createServer((request, response) => {
      void this.#answer(request).then(([status, body]) => {
        response.writeHead(status, {
          "content-type": "application/x-amz-json-1.1",
          ...(status >= 400 && { "x-amzn-errortype": String(body["__type"]) }),
        });
        response.end(JSON.stringify(body));
      });
    });
  }

  async #answer(request: IncomingMessage): Promise<[number, Record<string, unknown>]> {
    const { concurrency, rate, raised, role, denied = [] } = this.answers;
    const target = request.headers["x-amz-target"] as string | undefined;
    const operation =
      target?.split(".")[1] ?? (request.url?.includes("account-settings") ? "GetAccountSettings" : "GetAccount");
    const { QuotaCode = "" } = await bodyOf(request);
    this.asked.push(`${operation}${QuotaCode && ` ${QuotaCode}`}`);
    const scope = /Credential=AKIATEST\/\d+\/([\w-]+)\//.exec(request.headers.authorization ?? "")?.[1];
    if (scope !== "eu-south-1" || denied.includes(operation))
      return [403, { __type: "AccessDeniedException", message: "No." }];
    switch (operation) {
      case "GetAccountSettings":
        return [
          200,
          {
            AccountLimit: { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: concurrency },
            AccountUsage: { FunctionCount: 1 },
          },
        ];
      case "GetAccount":
        return [
          200,
          { ...(role && { cloudwatchRoleArn: role }), throttleSettings: { rateLimit: rate, burstLimit: rate / 2 } },
        ];
      case "GetServiceQuota":
        return raised[QuotaCode] === undefined
          ? [400, { __type: "NoSuchResourceException", message: "None." }]
          : [200, { Quota: { QuotaCode, Value: raised[QuotaCode] } }];
      case "GetAWSDefaultServiceQuota":
        return [200, { Quota: { QuotaCode, Value: DEFAULTS[QuotaCode] } }];
      default:
        return [
          200,
          {
            Table: {
              TableName: "Messages",
              WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: "ACTIVE" },
            },
          },
        ];
    }
  }
}

const aws = new FakeAws();
beforeAll(async () => {
  aws.server.listen(0, "127.0.0.1");
  await once(aws.server, "listening");
});
afterAll(() => aws.server.close());

const check = (answers: Answers, ...args: string[]) => {
  aws.answers = answers;
  aws.asked.length = 0;
  const endpoint = `http://127.0.0.1:${(aws.server.address() as AddressInfo).port}`;
  const env = {
    PATH: process.env["PATH"],
    HOME: "/nonexistent",
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_ENDPOINT_URL: endpoint,
    NO_COLOR: "1",
  };
  return run(
    ["check", "--url", "wss://abc123.execute-api.eu-south-1.amazonaws.com/live", "--only", "account", ...args],
    { env },
  );
};

describe("check --account, with AWS's answers written down", () => {
  test("says what there is, what binds first, and what to request", async () => {
    const { code, stdout } = await check(
      { concurrency: 10, rate: 2_500, raised: { "L-9ED1E49A": 600 } },
      "--users",
      "100000",
      "--table",
      "Messages",
    );
    expect(stdout).toMatch(
      /✓ account .*with 100,000 users, requestsPerSecond binds publications and throttling\.connect reconnections/,
    );
    expect(stdout).toMatch(/functions at once +10\n/);
    expect(stdout).toMatch(/requests to API Gateway +2,500 a second, 1,250 at once/);
    expect(stdout).toMatch(/new connections +600 a second/);
    expect(stdout).toMatch(/the table now +12,000 read and 4,000 write units/);
    expect(stdout).toContain("the concurrency is that of a new account");
    expect(stdout).toContain("API Gateway has no log role");
    expect(stdout).toContain("eu-south-1 gives accounts a quarter");
    expect(stdout).toMatch(/a publication to all +39\.5 s at least: 2,500 requests a second .*\(requestsPerSecond\)/);
    expect(stdout).toMatch(/all back after a loss +16\.6 min at least: 100 new connections a second to the construct/);
    expect(stdout).toContain("--service-code lambda --quota-code L-B99A9384 --desired-value 1000");
    expect(stdout).toContain("--service-code apigateway --quota-code L-8A5B8E43 --desired-value 20000");
    expect(code).toBe(0);
    expect(aws.asked.sort()).toEqual([
      "DescribeTable",
      "GetAWSDefaultServiceQuota L-AB614373",
      "GetAWSDefaultServiceQuota L-CF0CBE56",
      "GetAccount",
      "GetAccountSettings",
      "GetServiceQuota L-9ED1E49A",
      "GetServiceQuota L-AB614373",
      "GetServiceQuota L-CF0CBE56",
    ]);
  });

  test("skips unreadable parts, and names the missing permission", async () => {
    const answers = {
      concurrency: 1_000,
      rate: 10_000,
      raised: {},
      role: "arn:aws:iam::1:role/logs",
      denied: ["GetAccountSettings"],
    };
    const { code, stdout } = await check(answers, "--account", "--json");
    const { checks, account, exitStatus } = JSON.parse(stdout) as {
      checks: { outcome: string; detail: string }[];
      account: Record<string, unknown>;
      exitStatus: number;
    };
    expect(checks[0]).toMatchObject({
      outcome: "not tried",
      detail: expect.stringContaining("lambda:GetAccountSettings): AccessDeniedException"),
    });
    expect(account).toMatchObject({
      region: "eu-south-1",
      requestsPerSecond: 10_000,
      connectionsPerSecond: 500,
      hasLogRole: true,
    });
    expect(account["plan"]).toBeUndefined();
    expect({ code, exitStatus }).toEqual({ code: 3, exitStatus: 3 });
  });
});

describe("what binds first", () => {
  test("a lower bound of what docs/SCALING.md simulates, by its constants", () => {
    expect(REQUESTS_PER_SECOND).toBe(DEFAULT_QUOTAS.requestsPerSecond);
    // Simulated: 12.3 s, 4.4 minutes; with 10 functions at once 7 minutes.
    const facts = { region: "us-east-1" };
    expect(publicationBounds(facts, 100_000)[0]).toMatchObject({ name: "requestsPerSecond", seconds: 9.5 });
    expect(reconnectionBounds(facts, 100_000)[0]).toMatchObject({ name: "throttling.connect", seconds: 248 });
    const reduced = reconnectionBounds({ ...facts, concurrency: 10 }, 100_000)[0]!;
    expect(reduced.name).toBe("concurrency");
    expect(reduced.seconds).toBeCloseTo(300);
    expect(publicationBounds(facts, 10_000)[0]!.seconds).toBeLessThan(1.2);
  });

  test("a raised quota does not bind any more, and the next does", () => {
    const facts = { region: "us-east-1", requestsPerSecond: 1_000_000, requestBurst: 500_000 };
    expect(publicationBounds(facts, 1_000_000)[0]!.name).toBe("partition");
    expect(planFor(facts, 1_000_000).requests).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^shards: 2 /),
        expect.stringMatching(/connect: \{ rateLimit: 3400/),
      ]),
    );
    expect(planFor(facts, 1_000_000).requests.join()).not.toContain("L-8A5B8E43");
    expect(planFor({ region: "us-east-1" }, 1_000).requests).toEqual([]);
  });

  test("Regions that lack something are known", () => {
    expect(regionNotes("us-east-1")).toEqual([]);
    expect(regionNotes("eu-south-2")).toHaveLength(2);
    expect(regionNotes("cn-north-1").join()).toMatch(/function URLs.*ICP/);
  });

  test("an account that could not be read has not passed", () => {
    expect(judgeAccount({ reading: { facts: { region: "us-east-1" }, unread: ["all"] }, users: 1 }).outcome).toBe(
      "not tried",
    );
  });
});
