import {
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { IamPermissions } from "../../../../local/services/iam/permissions.js";
import { SignatureVerifier } from "../../../../local/core/authorization/signatures.js";
import { SYSTEM_CLOCK } from "../../../../local/core/clock.js";
import { Credentials, type FunctionCredentials } from "../../../../local/core/credentials.js";
import type { LogEntry } from "../../../../local/core/log.js";
import type { RoleModel } from "../../../../local/assembly/model/principals.js";
import { Queues } from "../../../../local/services/sqs/queue/queues.js";
import { SqsService } from "../../../../local/services/sqs/api/service.js";
import { fn, PLACE } from "../lambda/invoke/support.js";
import { queueModel } from "./support.js";

const ROLE: RoleModel = {
  logicalId: "Role",
  name: "App-Role",
  uniqueId: "AROAEXAMPLE",
  doubts: [],
  statements: [
    {
      effect: "Allow",
      actions: { not: false, patterns: ["sqs:*"], unknown: [] },
      resources: {
        not: false,
        patterns: [queueModel("jobs").arn, queueModel("dead").arn, queueModel("none").arn, queueModel("tiny").arn],
        unknown: [],
      },
      conditions: [],
    },
  ],
};

/** SQS with four queues, which are new for each test. `Caller` may use all of them except `other`. */
export const useSqs = () => {
  const credentials = new Credentials();
  const log: LogEntry[] = [];
  let service: SqsService;
  let queues: Queues;
  let client: SQSClient;

  const clientOf = (by: FunctionCredentials) =>
    new SQSClient({ endpoint: service.endpoint, region: PLACE.region, credentials: by, maxAttempts: 1 });
  const urlOf = (name: string) => `${service.endpoint}/${PLACE.account}/${name}`;

  beforeAll(async () => {
    service = await SqsService.listen();
    const functions = [fn("Caller"), fn("Stranger", { role: "None" })];
    const permissions = new IamPermissions(
      () => ({ place: PLACE, model: { functions, roles: [ROLE] } }),
      (entry) => log.push(entry),
    );
    queues = new Queues({ clock: SYSTEM_CLOCK, log: (entry) => log.push(entry), scale: 0.001, faults: {} });
    service.serve({
      signatures: new SignatureVerifier(credentials, "sqs"),
      permissions,
      queues,
      log: (entry) => log.push(entry),
      now: SYSTEM_CLOCK.now,
    });
    client = clientOf(credentials.of("Caller"));
  });
  beforeEach(() => {
    queues.set([]);
    queues.set([
      queueModel("jobs", {
        url: urlOf("jobs"),
        redrive: { deadLetterArn: queueModel("dead").arn, maxReceiveCount: 1 },
      }),
      queueModel("dead", { url: urlOf("dead") }),
      queueModel("tiny", { url: urlOf("tiny"), maxMessageBytes: 1024 }),
      queueModel("other", { url: urlOf("other") }),
    ]);
    log.length = 0;
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  const QueueUrl = () => urlOf("jobs");
  const send = (input: Partial<SendMessageCommandInput> = {}) =>
    client.send(new SendMessageCommand({ QueueUrl: QueueUrl(), MessageBody: "hello", ...input }));
  const receive = (more: object = {}, queue = "jobs") =>
    client.send(new ReceiveMessageCommand({ QueueUrl: urlOf(queue), MaxNumberOfMessages: 10, ...more }));

  return {
    credentials,
    log,
    clientOf,
    urlOf,
    QueueUrl,
    send,
    receive,
    get service() {
      return service;
    },
    get queues() {
      return queues;
    },
    get client() {
      return client;
    },
  };
};
