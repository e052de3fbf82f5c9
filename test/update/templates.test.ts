import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Finding, lossesOf } from "./support/compare.js";
import { newFolder, type StackTemplate, STACKS, synthesizeNow, templateOf, unpack } from "./support/releases.js";

/**
 * Losses that an update from the first release may have, by logical id or output, with the reason why each is harmless.
 * There is no other way to let a resource go.
 */
const MAY_GO: Readonly<Record<(typeof STACKS)[number], Readonly<Record<string, string>>>> = {
  Plain: {},
  Everything: {},
};

let folder: string;
let before: string;
let after: string;

beforeAll(() => {
  folder = newFolder();
  before = unpack(folder);
  after = synthesizeNow(join(folder, "now"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(STACKS)("an update of the stack %s from the first release", (stack) => {
  const losses = (): Finding[] => lossesOf(templateOf(before, stack), templateOf(after, stack));

  it("replaces and removes only resources and outputs with a listed reason", () => {
    expect(losses().filter(({ id }) => MAY_GO[stack][id] === undefined)).toEqual([]);
  });

  it("lists nothing that stays", () => {
    expect(losses().map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(MAY_GO[stack])));
  });

  it("can be rolled back to: the way back replaces nothing", () => {
    const back = lossesOf(templateOf(after, stack), templateOf(before, stack));
    expect(back.filter(({ what }) => what === "is replaced")).toEqual([]);
  });
});

/** The only resource of a type, with its id. */
const only = ({ Resources }: StackTemplate, type: string): [string, StackTemplate["Resources"][string]] =>
  Object.entries(Resources).find(([, { Type }]) => Type === type)!;

describe("the comparison", () => {
  const plant = (change: (template: StackTemplate) => void): Finding[] => {
    const template = templateOf(before, "Everything");
    change(template);
    return lossesOf(templateOf(before, "Everything"), template);
  };

  it("finds nothing in two equal templates", () => expect(plant(() => undefined)).toEqual([]));

  it.each<[string, string, Record<string, unknown>]>([
    ["a key schema", "AWS::DynamoDB::Table", { KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] }],
    ["a table's name", "AWS::DynamoDB::Table", { TableName: "other" }],
    ["a queue's name", "AWS::SQS::Queue", { QueueName: "other" }],
    ["a log group's name", "AWS::Logs::LogGroup", { LogGroupName: "other" }],
    ["a stage's name", "AWS::ApiGatewayV2::Stage", { StageName: "other" }],
    ["an API's protocol", "AWS::ApiGatewayV2::Api", { ProtocolType: "HTTP" }],
    ["a function's name", "AWS::Lambda::Function", { FunctionName: "other" }],
    ["a mapping's source", "AWS::Lambda::EventSourceMapping", { EventSourceArn: "other" }],
    ["a bus's name", "AWS::Events::EventBus", { Name: "other" }],
  ])("finds a replacement by %s", (_what, type, properties) => {
    const found = plant((template) => Object.assign(only(template, type)[1].Properties!, properties));
    const because = Object.keys(properties);
    expect(found).toContainEqual(
      expect.objectContaining({ type, what: "is replaced", because: expect.arrayContaining(because) as string[] }),
    );
  });

  it("finds a logical id that changes", () => {
    let id = "";
    const found = plant((template) => {
      const [old, table] = only(template, "AWS::DynamoDB::Table");
      id = old;
      delete template.Resources[id];
      template.Resources["Renamed"] = table;
    });
    expect(found).toContainEqual({ id, type: "AWS::DynamoDB::Table", what: "is removed" });
  });

  it("finds a removed output and a changed output", () => {
    const found = plant(({ Outputs = {} }) => {
      delete Outputs["Url"];
      Outputs["Publisher"] = { Value: "other" };
    });
    expect(found).toEqual([
      { id: "Url", type: "Output", what: "is removed" },
      { id: "Publisher", type: "Output", what: "has another value" },
    ]);
  });
});
