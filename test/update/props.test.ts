import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { PushIt, type PushItProps } from "../../infra/index.js";
import { FLAGS } from "../infra/synth.js";
import { lossesOf } from "./support/compare.js";
import { LiveStack } from "./support/live.js";
import { newFolder, ROOT, type StackTemplate, templateOf } from "./support/releases.js";
import { Scene } from "./support/scene.js";
import { BASE } from "./support/variant.js";
import { VARIANTS } from "./support/variants.js";

const STACK = "Test";

/** Types of resources that hold data, or that clients connect to. They stay, whatever a prop says. */
const LASTING = ["AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"];

let folder: string;
let base: StackTemplate;
let others: readonly Synthesized[];
let live: LiveStack;
let scene: Scene;

/** Types that CloudFormation replaces without an interruption: it makes the new resource first, under an id of AWS. */
const REPLACEABLE = ["AWS::Lambda::Permission"];

/** A stack that is synthesized, and where. */
interface Synthesized {
  assembly: string;
  template: StackTemplate;
}

/** Synthesizes a stack with these props. */
const synthesize = (name: string, props: (stack: Stack) => PushItProps): Synthesized => {
  const assembly = join(folder, name);
  const context = {
    ...FLAGS,
    "aws:cdk:enable-path-metadata": true,
    "@aws-cdk/core:annotationsInValidationReport": false,
  };
  const app = new App({ outdir: assembly, context, analyticsReporting: false });
  const stack = new Stack(app, STACK);
  const pushIt = new PushIt(stack, "PushIt", props(stack));
  new CfnOutput(stack, "Url", { value: pushIt.url });
  new CfnOutput(stack, "Publisher", { value: pushIt.publisherName });
  app.synth();
  return { assembly, template: templateOf(assembly, STACK) };
};

beforeAll(async () => {
  folder = newFolder();
  const { assembly, template } = synthesize("base", () => BASE);
  base = template;
  // Now, because this process does nothing else meanwhile: neither would the table.
  others = VARIANTS.map(({ props }, at) => synthesize(String(at), props));
  live = await LiveStack.start(join(folder, "live"), STACK, [assembly], base);
  scene = await Scene.start(live);
  await scene.reachesAll();
});

afterAll(async () => {
  await scene.end();
  await live.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a running stack", () => {
  it.each(VARIANTS.map((variant, at) => ({ ...variant, at })))(
    "goes on when $name, and when it is as before again",
    async (variant) => {
      const { assembly, template } = others[variant.at]!;
      for (const losses of [lossesOf(base, template), lossesOf(template, base)]) {
        const noticed = losses.filter(
          ({ what, type }) => what === "is replaced" || LASTING.includes(type) || type === "Output",
        );
        expect(noticed.filter(({ type }) => !REPLACEABLE.includes(type))).toEqual([]);
      }
      await live.change(template, assembly);
      await variant.meanwhile?.(scene);
      await scene.reachesAll(variant.silent);
      await live.change(base);
      await scene.reachesAll();
      await variant.afterwards?.(scene);
      expect(live.logs.filter(({ level }) => level === "error")).toEqual([]);
    },
  );

  it("has another URL with another stage, and no other prop replaces anything", () => {
    const { template } = synthesize("named", () => ({ ...BASE, apiName: "other", stageName: "other" }));
    const replaced = lossesOf(base, template).filter(({ what }) => what === "is replaced");
    expect(replaced.map(({ type }) => type)).toEqual(["AWS::ApiGatewayV2::Stage"]);
  });

  it("is tried with every prop", () => {
    const named = (file: string, name: string): string[] => {
      const [, body = ""] =
        new RegExp(`interface ${name} \\{(.*?)\\n\\}`, "s").exec(readFileSync(join(ROOT, "infra", file), "utf8")) ?? [];
      return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, prop]) => prop!);
    };
    const tried = ["apiName", "stageName", ...VARIANTS.flatMap(({ about }) => about)];
    expect(tried).toEqual(
      expect.arrayContaining([
        ...named("props/push-it-props.ts", "PushItProps"),
        ...named("props/channel-options.ts", "ChannelOptions"),
      ]),
    );
  });
});
