import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { resolve } from "node:path";
import type { DynamoDb } from "../../../local/services/dynamodb/engines/engine.js";
import { startEngine } from "../../../local/services/dynamodb/engines/start.js";
import { createTables } from "../../../local/services/dynamodb/tables.js";
import { ProcessReaper } from "../../../local/core/process-reaper.js";
import type { Item } from "../../../lambdas/aws/dynamodb/items.js";
import { Table } from "../../../lambdas/aws/dynamodb/table.js";
import { TestClock } from "./fakes.js";

/** The engine that the end-to-end tests use, embedded by default. */
const ENGINE = process.env["PUSH_IT_TEST_DYNAMODB"] ?? "embedded";

const KEYS = { accessKeyId: "LOCALKEY", secretAccessKey: "local" };
const REGION = "eu-west-1";

/** A command that the code under test sent, its input, and its cost. */
export interface Sent {
  name: string;
  input: Record<string, unknown>;
  /** Capacity units, as the engine bills them. */
  units: number;
}

type Next = (input: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** Stands between the code under test and the engine. */
export type Intercept = (name: string, input: Record<string, unknown>, next: Next) => Promise<Record<string, unknown>>;

interface Consumed {
  CapacityUnits?: number;
}

const unitsOf = (consumed: Consumed | Consumed[] | undefined): number =>
  [consumed ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);

/** A table in a real DynamoDB engine, and all commands that it received. */
export class TestTable {
  readonly clock = new TestClock();
  readonly sent: Sent[] = [];
  intercept: Intercept | undefined;
  readonly client: DynamoDBClient;
  readonly table: Table;

  private constructor(
    readonly endpoint: string,
    readonly name: string,
    private readonly plain: DynamoDBClient,
  ) {
    this.client = new DynamoDBClient({ endpoint, region: REGION, credentials: KEYS });
    this.#watch();
    this.table = new Table(this.client, name, this.clock);
  }

  static #last = 0;

  /** A table of its own in `engine`. */
  static async create(engine: Pick<DynamoDb, "endpoint">): Promise<TestTable> {
    const name = `push-it-test-${process.pid}-${(TestTable.#last += 1)}`;
    const key = (AttributeName: string, KeyType: "HASH" | "RANGE") => ({ AttributeName, KeyType });
    const signer = { accessKeyId: KEYS.accessKeyId, region: REGION };
    await createTables(engine.endpoint, signer, [
      {
        logicalId: "Table",
        name,
        keySchema: [key("pk", "HASH"), key("sk", "RANGE")],
        attributeDefinitions: ["pk", "sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      },
    ]);
    return new TestTable(
      engine.endpoint,
      name,
      new DynamoDBClient({ endpoint: engine.endpoint, region: REGION, credentials: KEYS }),
    );
  }

  /** Requests the cost of every command, and records it. */
  #watch(): void {
    this.client.middlewareStack.add(
      (next, context) => async (args) => {
        const name = String(context.commandName).replace("Command", "");
        const ask: Next = async (input) => {
          const result = await next({ ...args, input: { ...input, ReturnConsumedCapacity: "TOTAL" } });
          return result.output as unknown as Record<string, unknown>;
        };
        const input = args.input as unknown as Record<string, unknown>;
        const sent: Sent = { name, input, units: 0 };
        this.sent.push(sent);
        const output = await (this.intercept ? this.intercept(name, input, ask) : ask(input));
        sent.units = unitsOf(output["ConsumedCapacity"] as Consumed | undefined);
        return { output, response: {} } as unknown as Awaited<ReturnType<typeof next>>;
      },
      { step: "initialize", name: "watch", priority: "high" },
    );
  }

  /** The names of the commands that were sent, and their units by reading and writing, while `work` ran. */
  async cost(work: () => Promise<unknown>): Promise<{ commands: string[]; read: number; written: number }> {
    const from = this.sent.length;
    await work();
    const sent = this.sent.slice(from);
    const sum = (writes: boolean) =>
      sent
        .filter(({ name }) => /Write|Put|Delete|Update/.test(name) === writes)
        .reduce((all, { units }) => all + units, 0);
    return { commands: sent.map(({ name }) => name), read: sum(false), written: sum(true) };
  }

  /** Every row, for tests only. */
  async rows(): Promise<Item[]> {
    const { Items = [] } = await this.plain.send(new ScanCommand({ TableName: this.name, ConsistentRead: true }));
    return Items;
  }

  async row(pk: string, sk: string): Promise<Item | undefined> {
    const Key = { pk: { S: pk }, sk: { S: sk } };
    return (await this.plain.send(new GetItemCommand({ TableName: this.name, Key, ConsistentRead: true }))).Item;
  }

  async put(item: Item): Promise<void> {
    await this.plain.send(new PutItemCommand({ TableName: this.name, Item: item }));
  }

  close(): void {
    this.client.destroy();
    this.plain.destroy();
  }
}

/**
 * An engine for a test file.
 * @example
 * const engine = testEngine();
 * beforeAll(engine.start); afterAll(engine.stop);
 * const table = await engine.table();
 */
export const testEngine = () => {
  const tables: TestTable[] = [];
  let reaper: ProcessReaper | undefined;
  let running: DynamoDb | undefined;
  return {
    start: async (): Promise<void> => {
      reaper = new ProcessReaper();
      const signers = ["LOCALKEY", "OTHERKEY"].map((accessKeyId) => ({ accessKeyId, region: REGION }));
      const [first, second] = signers as [(typeof signers)[0], (typeof signers)[0]];
      const project = resolve(__dirname, "../../..");
      running = await startEngine(ENGINE, { project, reaper, signers: [first, second], log: () => undefined });
    },
    table: async (): Promise<TestTable> => {
      if (!running) throw new Error("the engine has not started");
      const table = await TestTable.create(running);
      tables.push(table);
      return table;
    },
    stop: async (): Promise<void> => {
      for (const table of tables.splice(0)) table.close();
      await running?.close();
      await reaper?.close();
    },
  };
};

/** An engine that runs while the tests of a file do. */
export const useEngine = (): ReturnType<typeof testEngine> => {
  const engine = testEngine();
  beforeAll(engine.start, 60_000);
  afterAll(engine.stop);
  return engine;
};

/**
 * The same, with a new table for each test.
 * @param take is given the table before the test begins
 * @example
 * let it: TestTable;
 * useTables((table) => (it = table));
 */
export const useTables = (take: (table: TestTable) => unknown): ReturnType<typeof testEngine> => {
  const engine = useEngine();
  beforeEach(async () => void take(await engine.table()));
  return engine;
};

const valueSize = (value: AttributeValue): number => {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  // A number takes about one byte for two significant digits, and one more.
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[-.]/g, "").length / 2) + 1;
  throw new Error(`no rule for ${JSON.stringify(value)}`);
};

/**
 * The size by which DynamoDB bills an item, in bytes: attribute names and values.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const itemSize = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);
