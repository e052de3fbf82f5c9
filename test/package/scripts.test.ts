import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, temporaryFolder } from "./processes.js";

describe("npm run test:dynamodb-local", () => {
  test("fails without Java, and says what it needs", () => {
    const { folder, remove } = temporaryFolder();
    const env = { ...process.env, PATH: folder };
    const { status, stderr } = spawnSync(process.execPath, ["scripts/test-dynamodb-local.mjs"], {
      cwd: ROOT,
      encoding: "utf8",
      env,
    });
    remove();
    expect(status).toBe(1);
    expect(stderr).toBe(
      "DynamoDB Local needs Java 17 or newer, and no java was found. Install a JRE, or run `npm test`.\n",
    );
  });
});

describe("npm run build", () => {
  test("builds again after a change of its inputs or outputs", () => {
    const { folder, remove } = temporaryFolder();
    const script = `
      import { rmSync, writeFileSync } from "node:fs";
      import { join } from "node:path";
      import { isUpToDate, noteBuilt } from "./scripts/stamp.mjs";
      const root = ${JSON.stringify(folder)};
      const output = join(root, "output.js");
      const said = { first: isUpToDate(root, "a", { types: false }) };
      writeFileSync(output, "1");
      noteBuilt(root, "a", { types: false, paths: [output] });
      said.same = isUpToDate(root, "a", { types: false });
      said.declarations = isUpToDate(root, "a", { types: true });
      said.input = isUpToDate(root, "b", { types: false });
      writeFileSync(output, "2");
      said.output = isUpToDate(root, "a", { types: false });
      rmSync(output);
      said.gone = isUpToDate(root, "a", { types: false });
      console.log(JSON.stringify(said));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    remove();
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      first: false,
      same: true,
      declarations: false,
      input: false,
      output: false,
      gone: false,
    });
  });
});

describe("npm run iam", () => {
  const ARN = "arn:aws:lambda:us-east-1:123456789012:function:";
  const ROLE = "PushItPublishRole0123ABCD";

  /** The script's output for lines of a recording. */
  const textsOf = (lines: unknown[]): unknown => {
    const script = `
      import { textOf } from "./tools/iam/grants.mjs";
      console.log(JSON.stringify(${JSON.stringify(lines)}.map(textOf)));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return JSON.parse(stdout);
  };
  const invoke = (name: string, role = ROLE) => ({
    kind: "used",
    role,
    action: "lambda:InvokeFunction",
    resource: ARN + name,
  });

  test("distinguishes the construct's functions in any stack, and skips test guards", () => {
    const lines = [
      invoke("Test-PushItFlushFunction0123ABCD-abc123"),
      invoke("Other-PushItFlushFunction0123ABCD-def456"),
      invoke("Test-PushItAnnounceFunction4567CDEF-abc123"),
      invoke("Test-PushItPublisherFunction89ABCDEF-abc123"),
      invoke("Test-onDisconnect0123ABCD-abc123"),
      invoke("Test-onMessageReceived0123ABCD-abc123:live"),
    ];
    expect(textsOf(lines)).toEqual(
      [
        "function:PushItFlushFunction0123ABCD",
        "function:PushItFlushFunction0123ABCD",
        "function:PushItAnnounceFunction4567CDEF",
        "function:PushItPublisherFunction89ABCDEF",
        "a guard function",
        "a guard function",
      ].map((target) => `${ROLE}  lambda:InvokeFunction  ${target}`),
    );
  });

  test("takes tables and connections of different stacks for the same", () => {
    const resource = "arn:aws:dynamodb:us-east-1:123456789012:table/Test-PushItTable08C3B553-bveul4dbnp";
    const connections = "arn:aws:execute-api:us-east-1:123456789012:abcdefghij/live/POST/@connections/*";
    expect(
      textsOf([
        { kind: "granted", role: ROLE, action: "dynamodb:Query", resource },
        {
          kind: "denied",
          function: "Stranger0123ABCD",
          action: "execute-api:ManageConnections",
          resource: connections,
        },
      ]),
    ).toEqual([
      `${ROLE}  dynamodb:Query  table/PushItTable08C3B553`,
      "Stranger0123ABCD  execute-api:ManageConnections  api/live/POST/@connections/*",
    ]);
  });
});

describe("npm run iam:mutate", () => {
  const permission = (Principal: string, rule: string) => ({
    Type: "AWS::Lambda::Permission",
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: "Fn",
      Principal,
      SourceArn: { "Fn::GetAtt": [rule, "Arn"] },
    },
  });
  const Resources = {
    Sold: { Type: "AWS::Events::Rule", Properties: { EventPattern: {} } },
    Clock: { Type: "AWS::Events::Rule", Properties: { ScheduleExpression: "rate(1 minute)" } },
    BySold: permission("events.amazonaws.com", "Sold"),
    ByClock: permission("events.amazonaws.com", "Clock"),
    ByApi: permission("apigateway.amazonaws.com", "Api"),
    Queue: { Type: "AWS::SQS::QueuePolicy", Properties: { PolicyDocument: { Statement: [{}, {}] } } },
  };

  test("tries every statement, or names an existing test for it", () => {
    const script = `
      import { JUSTIFIED, notAsked, permissionsAsked } from "./tools/iam/grants.mjs";
      const template = ${JSON.stringify({ Resources })};
      const reasons = JUSTIFIED.map(({ reason }) => reason);
      console.log(JSON.stringify({ asked: permissionsAsked(template), others: [...notAsked(template)], reasons }));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const { asked, others, reasons } = JSON.parse(stdout) as {
      asked: string[];
      others: [string, number][];
      reasons: string[];
    };
    expect(asked).toEqual(["BySold"]);
    expect(others.map(([, times]) => times)).toEqual([2, 2]);
    for (const reason of [...reasons, ...others.map(([text]) => text)]) {
      const [, file = "none"] = /\((test\/\S+)\)$/.exec(reason) ?? [];
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    }
  });
});
