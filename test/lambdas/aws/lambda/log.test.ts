import { lambdaLog } from "../../../../lambdas/aws/lambda/log.js";

afterEach(() => jest.restoreAllMocks());

test.each(["debug", "info", "warn", "error"] as const)(
  "%s writes one object at its level, for Lambda's JSON log",
  (level) => {
    const spy = jest.spyOn(console, level).mockImplementation(() => undefined);
    lambdaLog[level]("something", { connection: "c1" });
    lambdaLog[level]("bare");
    expect(spy.mock.calls).toEqual([[{ event: "something", connection: "c1" }], [{ event: "bare" }]]);
  },
);
