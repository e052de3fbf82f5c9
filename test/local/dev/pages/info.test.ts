import { guardsOf } from "../../../../local/dev/pages/info.js";
import type { FunctionModel } from "../../../../local/assembly/model/functions.js";
import type { SystemModel } from "../../../../local/assembly/model/system.js";

const arn = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;

/** A system with these values of `PUSH_IT_GUARD_FUNCTIONS`, one for each function. */
const modelOf = (values: (string | undefined)[], more: Partial<SystemModel> = {}, outside = false) =>
  ({
    functions: values.map(
      (value) =>
        ({
          external: outside,
          environment: value === undefined ? {} : { PUSH_IT_GUARD_FUNCTIONS: value },
        }) as FunctionModel,
    ),
    ...more,
  }) as SystemModel;

const asking = [
  JSON.stringify({ "": { onConnectionRequest: arn("ldap") } }),
  undefined,
  JSON.stringify({ "": { onPublicationRequest: arn("members") }, "private/*": { onMessageReceived: arn("members") } }),
];

describe("the guards in force", () => {
  test.each([
    ["none", modelOf([undefined]), {}, { source: "none" }],
    ["a module", modelOf([undefined], { guards: "guards.ts" }), {}, { source: "app", file: "guards.ts" }],
    ["functions, each counted once", modelOf(asking), {}, { source: "functions", functions: 2 }],
    [
      "a module and functions",
      modelOf(asking, { guards: "guards.ts" }),
      {},
      { source: "app", file: "guards.ts", functions: 2 },
    ],
    [
      "--guards, which leaves functions",
      modelOf(asking),
      { guards: "try.ts" },
      { source: "file", file: "try.ts", functions: 2 },
    ],
    ["those of another construct", modelOf(asking, {}, true), {}, { source: "none" }],
    ["the built-in stack's", modelOf([undefined]), { starter: true }, { source: "starter" }],
    [
      "--guards with the built-in stack",
      modelOf([undefined]),
      { starter: true, guards: "try.ts" },
      { source: "file", file: "try.ts" },
    ],
    ["what cannot be read", modelOf(["nonsense"]), {}, { source: "functions", functions: 1 }],
  ])("%s", (_, model, options, guards) => {
    expect(guardsOf(model, options)).toEqual(guards);
  });
});
