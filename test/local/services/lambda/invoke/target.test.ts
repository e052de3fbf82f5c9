import { invocationPath, targetOf } from "../../../../../local/services/lambda/invoke/target.js";

const PLACE = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:App-Fn";

describe("the function that a request means", () => {
  test.each([
    ["App-Fn", undefined, undefined],
    ["function:App-Fn", undefined, undefined],
    ["123456789012:function:App-Fn", undefined, undefined],
    ["eu-west-1:123456789012:function:App-Fn", undefined, undefined],
    [ARN, undefined, undefined],
    ["App-Fn:live", undefined, "live"],
    [`${ARN}:$LATEST`, undefined, "$LATEST"],
    [ARN, "7", "7"],
    [`${ARN}:7`, "7", "7"],
  ])("%s with Qualifier %s", (functionName, asked, qualifier) => {
    expect(targetOf(functionName, asked, PLACE)).toEqual({
      name: "App-Fn",
      arn: qualifier === undefined ? ARN : `${ARN}:${qualifier}`,
      ...(qualifier !== undefined && { qualifier }),
    });
  });

  test.each([
    [`${ARN}:7`, "8", "conflict"],
    ["arn:aws:lambda:eu-west-1:999999999999:function:App-Fn", undefined, "elsewhere"],
    ["arn:aws:lambda:us-east-1:123456789012:function:App-Fn", undefined, "elsewhere"],
    ["arn:aws-cn:lambda:eu-west-1:123456789012:function:App-Fn", undefined, "elsewhere"],
    ["arn:aws:s3:::bucket", undefined, "malformed"],
    ["App Fn", undefined, "malformed"],
    ["", undefined, "malformed"],
    ["a/b", undefined, "malformed"],
    ["x".repeat(141), undefined, "malformed"],
  ])("%s with Qualifier %s: %s", (functionName, asked, fault) => {
    expect(targetOf(functionName, asked, PLACE)).toBe(fault);
  });
});

test.each([
  ["/2015-03-31/functions/App-Fn/invocations", { functionName: "App-Fn" }],
  ["/2015-03-31/functions/App-Fn/invocations?Qualifier=live", { functionName: "App-Fn", qualifier: "live" }],
  [
    `/2015-03-31/functions/${encodeURIComponent(ARN)}/invocations?Qualifier=%24LATEST`,
    { functionName: ARN, qualifier: "$LATEST" },
  ],
  [`/2015-03-31/functions/${ARN}/invocations`, { functionName: ARN }],
  ["/2015-03-31/functions/%E0%A4%A/invocations", { functionName: "%E0%A4%A" }],
  ["/2015-03-31/functions//invocations", undefined],
  ["/2015-03-31/functions/App-Fn", undefined],
  ["/2014-11-13/functions/App-Fn/invoke-async", undefined],
])("the path %s", (url, expected) => {
  expect(invocationPath(url)).toEqual(expected);
});
