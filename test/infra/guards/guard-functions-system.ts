import type { Duration, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Template } from "aws-cdk-lib/assertions";
import type { Guards, PushItProps } from "../../../infra/index.js";
import { makePushIt, makeStack, readable, resourcesOf } from "../synth.js";

/** A Python function that can be a guard function. */
export const makeFunction = (stack: Stack, id: string, timeout?: Duration) =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.PYTHON_3_13,
    handler: "index.handler",
    code: lambda.Code.fromInline("def handler(event, context): pass"),
    timeout,
  });

/** A stack with a function for each requested name, and a Push-It with these guards. */
export const withGuards = (
  guards: (fn: (id: string, timeout?: Duration) => lambda.Function) => Guards,
  props: PushItProps = {},
) => {
  const stack = makeStack();
  const pushIt = makePushIt({ ...props, guards: guards((id, timeout) => makeFunction(stack, id, timeout)) }, stack);
  return { stack, pushIt, template: Template.fromStack(stack) };
};

/** Each role's statements about Lambda, as [actions, resources]. */
export const granted = (template: Template): Record<string, [string[], string[]][]> => {
  const found: Record<string, [string[], string[]][]> = {};
  for (const { Properties } of Object.values(resourcesOf(template, "AWS::IAM::Policy"))) {
    const { Roles, PolicyDocument } = readable(Properties) as {
      Roles: string[];
      PolicyDocument: { Statement: { Action: string | string[]; Resource: string | string[] }[] };
    };
    for (const { Action, Resource } of PolicyDocument.Statement) {
      const actions = [Action].flat().filter((action) => action.startsWith("lambda:"));
      if (actions.length === 0) continue;
      for (const role of Roles) (found[role.replace(/^<(\w+)Role>$/, "$1")] ??= []).push([actions, [Resource].flat()]);
    }
  }
  return found;
};

/** The warnings of a stack. */
export const warningsOf = (stack: Stack): string[] =>
  stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => /warn/.test(type)).map(({ data }) => String(data)));
