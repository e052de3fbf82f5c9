import { DEV_HELP, parseDevArguments } from "../../../../local/dev/command/arguments.js";
import { UserError } from "../../../../local/core/user-error.js";

describe("the arguments of push-it-cli dev", () => {
  test("have defaults", () => {
    expect(parseDevArguments([])).toEqual({
      help: false,
      json: false,
      options: { port: 8787, limits: {}, debugLogs: true },
    });
  });

  test("say everything there is to say", () => {
    const line =
      "--port 0 --guards g.ts --secrets s.json --env A=1 --env B=x=y --dynamodb local --app cdk.out --construct P/Q " +
      "--idle-timeout 1.5 --max-duration 20 --sweep-every 3 --meter --quotas --fresh --logs template --json";
    expect(parseDevArguments(line.split(" "))).toEqual({
      help: false,
      json: true,
      options: {
        port: 0,
        guards: "g.ts",
        secrets: "s.json",
        environment: { A: "1", B: "x=y" },
        dynamodb: "local",
        assembly: "cdk.out",
        construct: "P/Q",
        limits: { idleMs: 1500, connectionMs: 20_000 },
        sweepEveryMs: 3000,
        meter: true,
        quotas: "default",
        fresh: true,
        debugLogs: false,
      },
    });
  });

  test.each([
    ["--prot 1", "Unknown option '--prot'"],
    ["--port", "--port"],
    ["--port x", "--port x is not a number from 0 to 65535."],
    ["--port 1.5", "--port 1.5 is not a number"],
    ["--port 65536", "--port 65536 is not a number"],
    ["--port=-1", "--port -1 is not a number"],
    ["--idle-timeout 0", "--idle-timeout must be more than 0."],
    ["--sweep-every never", "--sweep-every never is not a number"],
    ["--env A", "--env A names no value."],
    ["--quotas=mine", "--quotas=mine is not known."],
    ["--logs all", "--logs all is not known."],
    ["extra", "Unexpected argument 'extra'"],
  ])("%s is refused: %s", (line, message) => {
    expect(() => parseDevArguments(line.split(" "))).toThrow(UserError);
    expect(() => parseDevArguments(line.split(" "))).toThrow(message);
  });

  test.each(["default", "new-account", "small-region"] as const)("name the quotas %s", (name) => {
    expect(parseDevArguments([`--quotas=${name}`, "--port", "0"]).options).toMatchObject({ quotas: name, port: 0 });
  });

  test("are all in the help", () => {
    const options = [
      "port",
      "guards",
      "secrets",
      "env",
      "dynamodb",
      "app",
      "construct",
      "idle-timeout",
      "max-duration",
    ];
    for (const name of [...options, "sweep-every", "json", "help"]) expect(DEV_HELP).toContain(`--${name} `);
  });
});
