import type { Settings } from "../../../lambdas/settings.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { testEngine, type TestTable } from "./test-table.js";
import { HttpServer } from "./http-server.js";

/** The surroundings of a template's functions: a table, the `@connections` API, and their environment. */
export class Deployed {
  readonly #before = { ...process.env };
  readonly #engine = testEngine();
  #table: TestTable | undefined;
  #connections: HttpServer | undefined;

  get table(): TestTable {
    if (!this.#table) throw new Error("not started");
    return this.#table;
  }

  /** The `@connections` API. */
  get connections(): HttpServer {
    if (!this.#connections) throw new Error("not started");
    return this.#connections;
  }

  /** For `beforeAll`, before any function is imported: each reads its environment once. */
  async start(settings: Partial<Settings> = {}): Promise<void> {
    await this.#engine.start();
    this.#table = await this.#engine.table();
    this.#connections = await HttpServer.start();
    Object.assign(process.env, {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "LOCALKEY",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL_DYNAMODB: this.#table.endpoint,
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: `${this.#connections.url}/prod`,
      TABLE_NAME: this.#table.name,
      PUSH_IT_SETTINGS: JSON.stringify({ ...DEFAULT_SETTINGS, ...settings }),
    });
  }

  async stop(): Promise<void> {
    await this.#connections?.close();
    await this.#engine.stop();
    process.env = this.#before;
  }

  /** Frames that were posted, by connection. */
  posted(): [connectionId: string, frame: unknown][] {
    return this.connections.received
      .filter(({ method }) => method === "POST")
      .map(({ path, body }) => [idOf(path), JSON.parse(body) as unknown]);
  }

  /** Connections that were closed. */
  closed(): string[] {
    return this.connections.received.filter(({ method }) => method === "DELETE").map(({ path }) => idOf(path));
  }
}

const idOf = (path: string): string => decodeURIComponent(path).replace("/prod/@connections/", "");
