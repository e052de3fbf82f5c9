import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, Stack, type StackProps } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { PushIt, type PushItProps } from "../../infra/index.js";

/** The feature flags of this project, which are those of a fresh CDK app. */
export const FLAGS = (
  JSON.parse(readFileSync(join(__dirname, "../../cdk.json"), "utf8")) as { context: Record<string, unknown> }
).context;

/** Synthesizes without assets, quickly, and without printing the warnings that the tests look at themselves. */
const QUICKLY = { "aws:cdk:bundling-stacks": [], "@aws-cdk/core:annotationsInValidationReport": false };

/** An app with one stack. */
export const makeStack = (context: Record<string, unknown> = {}, props: StackProps = {}): Stack =>
  new Stack(new App({ context: { ...FLAGS, ...QUICKLY, ...context } }), "Test", props);

/** An app with one stack that knows its Region. */
export const makeStackIn = (region: string): Stack => makeStack({}, { env: { account: "111122223333", region } });

/** A Push-It in a stack of its own. */
export const makePushIt = (props: PushItProps = {}, stack = makeStack()): PushIt => new PushIt(stack, "PushIt", props);

/** The template of a Push-It in a stack of its own. */
export const synthesize = (props: PushItProps = {}, stack = makeStack()): Template => {
  makePushIt(props, stack);
  return Template.fromStack(stack);
};

/** A resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  Metadata?: Record<string, unknown>;
  DeletionPolicy?: string;
}

/** All resources of a type, by logical id. */
export const resourcesOf = (template: Template, type: string): Record<string, Resource> =>
  template.findResources(type) as Record<string, Resource>;

/** The only resource of a type. */
export const only = (template: Template, type: string): Resource => {
  const found = Object.values(resourcesOf(template, type));
  if (found.length !== 1) throw new Error(`${found.length} of ${type}`);
  return found[0]!;
};

/** Intrinsics made readable: `{Ref: X}` as `<X>`, `Fn::GetAtt` as `<X.Attribute>`, joins as text. */
export const readable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = value as Record<string, unknown>;
  if (typeof Ref === "string") return `<${nameOf(Ref)}>`;
  if (Array.isArray(attribute)) return `<${nameOf(String(attribute[0]))}.${String(attribute[1])}>`;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(readable).join(String(join[0]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]));
};

/** A logical id without the CDK's hash, and without the construct's own prefix. */
export const nameOf = (logicalId: string): string => logicalId.replace(/^PushIt/, "").replace(/[0-9A-F]{8}$/, "");
