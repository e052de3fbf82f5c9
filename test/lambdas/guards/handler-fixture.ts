import type { Message } from "../../../protocol/index.js";
import type { AgentData, GuardRequest } from "../../../lambdas/guards/contract.js";

/** An agent as a guard function sees it. */
export const agentData = (uuid: string, more: Partial<AgentData> = {}): AgentData => ({
  uuid,
  isConnected: true,
  connection: { id: uuid, sourceIp: "203.0.113.7", userAgent: "test" },
  ...more,
});

const MESSAGE: Message = { channel: "stories/5", uuid: "m1", data: { text: "hello" } };

/** A request to a guard, from agent a1 about channel stories/5. */
export const request = (guard: GuardRequest["guard"], more: Partial<GuardRequest> = {}): GuardRequest => ({
  version: 1,
  guard,
  timeoutMs: 10_000,
  wildcards: ["stories/*"],
  ...(guard === "onMessageReceived" ? {} : { agent: agentData("a1") }),
  ...(/Connection|Disconnect/.test(guard) ? {} : { channel: "stories/5" }),
  ...(/Publication|Message/.test(guard) ? { message: MESSAGE } : {}),
  ...more,
});

/** The lines that the handler logged in this test. */
export const logged: { level: string; line: Record<string, unknown> }[] = [];

/** Sets what Lambda states about a function's log. A text log has no level. */
export const logging = (format: string | undefined, level?: string): void => {
  for (const [name, value] of Object.entries({ FORMAT: format, LEVEL: level })) {
    if (value === undefined) delete process.env[`AWS_LAMBDA_LOG_${name}`];
    else process.env[`AWS_LAMBDA_LOG_${name}`] = value;
  }
};

/** Before each test, empties `logged` and sets a JSON log at debug level. After each, restores the console. */
export const recordLog = (): void => {
  beforeEach(() => {
    logged.splice(0);
    for (const level of ["debug", "warn", "error"] as const) {
      jest
        .spyOn(console, level)
        .mockImplementation(
          (...args: unknown[]) => void logged.push({ level, line: args[0] as Record<string, unknown> }),
        );
    }
  });
  afterEach(() => jest.restoreAllMocks());
  beforeEach(() => logging("JSON", "DEBUG"));
  afterAll(() => logging(undefined));
};

/** The log of a handler that threw: the place, and at debug level the message. */
export const thrown = (guard: string) => [
  { level: "error", line: { event: "guard_failed", guard, detail: expect.stringMatching(/^\w*Error\n {4}at /) } },
  { level: "debug", line: { event: "guard_said", guard, said: expect.any(String) } },
];
