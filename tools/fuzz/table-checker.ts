import { DynamoDBClient, ListTablesCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import type { DeliveryModel, Member } from "./delivery-model.js";
import type { Json } from "../../protocol/index.js";
import { INTERNAL, hasHistory, hasState, PASSWORD, SECRET, hasPresence } from "./policy.js";
import type { HistoryModel } from "./history-model.js";
import type { PresenceModel } from "./presence-model.js";

/** A row of the table, with numbers as text. */
export type Row = Record<string, string>;

/** Reads the table of the running system. */
export class TableReader {
  readonly #client: DynamoDBClient;
  #name: string | undefined;

  /** @param endpoint the endpoint of the DynamoDB engine on this machine */
  constructor(endpoint: string) {
    const credentials = { accessKeyId: "AKIAFUZZREADER000000", secretAccessKey: "reader" };
    this.#client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  }

  /** The name of the only table. */
  async tableName(): Promise<string> {
    if (this.#name === undefined) {
      const { TableNames: names = [] } = await this.#client.send(new ListTablesCommand({}));
      if (names.length !== 1) throw new Error(`There are ${names.length} tables instead of one.`);
      this.#name = String(names[0]);
    }
    return this.#name;
  }

  /**
   * The rows of the table.
   * @param whole whether to include histories, which grow during a run
   */
  async all(whole = false): Promise<Row[]> {
    const rows: Row[] = [];
    const others = {
      FilterExpression: "NOT (begins_with(pk, :m) OR begins_with(pk, :d) OR begins_with(pk, :h))",
      ExpressionAttributeValues: { ":m": { S: "m#" }, ":d": { S: "d#" }, ":h": { S: "h#" } },
    };
    const input = { TableName: await this.tableName(), ConsistentRead: true, ...(whole ? {} : others) };
    for await (const page of paginateScan({ client: this.#client }, input)) {
      for (const item of page.Items ?? []) {
        rows.push(Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N ?? ""])));
      }
    }
    return rows;
  }

  /** Closes the client. */
  close(): void {
    this.#client.destroy();
  }
}

/** An agent whose rows are checked. */
export type CheckedAgent = Member & { readonly agent: string; readonly overtaken?: boolean };

/** The subscription in a row; `undefined` for other rows. */
const subscriptionIn = ({ pk = "", sk = "" }: Row): { connection: string; channel: string } | undefined => {
  if (pk.startsWith("c#")) return { connection: sk, channel: pk.slice(2) };
  if (pk.startsWith("a#") && sk.startsWith("s#")) return { connection: pk.slice(2), channel: sk.slice(2) };
  return undefined;
};

/** The presence of an agent in a row; `undefined` for other rows. */
const presenceIn = ({ pk = "", c: connection = "" }: Row): { connection: string; channel: string } | undefined =>
  pk.startsWith("p#") ? { connection, channel: pk.slice(2) } : undefined;

/** Checks the stored rows against the guards' decisions. docs/ARCHITECTURE.md describes the rows. */
export class TableChecker {
  /** Agent ids by connection, from the table. */
  readonly #agents = new Map<string, string>();
  readonly #members = new Map<string, CheckedAgent>();

  constructor(
    private readonly deliveries: DeliveryModel,
    private readonly histories: HistoryModel,
    private readonly presence: PresenceModel,
  ) {}

  /**
   * Registers an agent that the connection guard accepted. Ignores an agent that never received its id, because the
   * table cannot be searched for it.
   */
  register(member: CheckedAgent): void {
    if (member.agent !== "") this.#members.set(member.agent, member);
  }

  /** The agent with an id. */
  agentById(agent: string): CheckedAgent | undefined {
    return this.#members.get(agent);
  }

  /** The errors in rows of any agent, whatever is in progress. */
  checkRows(rows: readonly Row[]): string[] {
    for (const { pk = "", sk, u } of rows) if (sk === "agent" && u !== undefined) this.#agents.set(pk.slice(2), u);
    return rows.flatMap((row) => {
      const fault = this.#checkRow(row);
      return fault === undefined ? [] : [`${fault}: ${JSON.stringify(row)}`];
    });
  }

  /** The errors in the subscriptions of idle agents: each subscription is stored, and no other. */
  checkSubscriptions(rows: readonly Row[], members: readonly CheckedAgent[]): string[] {
    return members.flatMap((member) => {
      const stored = { "a#": new Set<string>(), "c#": new Set<string>() };
      const there = new Map<string, string>();
      let isAlive = false;
      for (const row of rows) {
        const found = subscriptionIn(row);
        if (found && this.#agents.get(found.connection) === member.agent) {
          stored[row["pk"]?.startsWith("c#") ? "c#" : "a#"].add(found.channel);
        }
        const present = row["g"] === undefined ? presenceIn(row) : undefined;
        if (present && row["u"] === member.agent) there.set(present.channel, row["S"] ?? "null");
        if (row["pk"]?.startsWith("b#") && this.#agents.get(row["sk"] ?? "") === member.agent)
          isAlive = row["v"] === undefined;
      }
      const { sure, unsure } = this.deliveries.subscriptionsOf(member);
      const wrong = [...there.keys()]
        .filter((each) => this.presence.isMember(member, each) === false)
        .map((each) => `it is present on ${each} without a subscription as a member`);
      const absent = [...sure]
        .filter((each) => this.presence.isMember(member, each) && !there.has(each))
        .map((each) => `it is not present on ${each} although it is subscribed`);
      const states = [...there]
        .filter(([each, state]) => !this.presence.statesOf(member, each).has(state))
        .map(([each, state]) => `it has the state ${state} on ${each}, which it did not set last`);
      return [
        ...wrong,
        ...absent,
        ...states,
        ...(there.size > 0 && !isAlive ? [`it is present on ${[...there.keys()].join()} without a liveness row`] : []),
        ...Object.entries(stored).flatMap(([side, channels]) => [
          ...[...sure]
            .filter((each) => !channels.has(each))
            .map((each) => `no ${side} row of the subscription to ${each}`),
          ...[...channels]
            .filter((each) => !sure.has(each) && !unsure.has(each))
            .map((each) => `a ${side} row without a subscription to ${each}`),
        ]),
      ];
    });
  }

  /**
   * Whether a row may stay after all agents have left. Concurrent renewals may leave one extra registration, which the
   * sweep deletes. Histories stay, and so does the record that a channel had members.
   */
  mayStay({ pk = "", sk = "", o: occupied }: Row): boolean {
    if (/^[mdh]#/.test(pk)) return true;
    if (pk.startsWith("o#")) return occupied === undefined;
    const agent = this.#agents.get(sk.slice(sk.indexOf("#") + 1)) ?? "";
    return pk.startsWith("r#") && this.#members.get(agent)?.overtaken === true;
  }

  /** Agent ids in the table that no client has received. */
  get unknownAgents(): string[] {
    return [...this.#agents.values()].filter((agent) => !this.#members.has(agent));
  }

  #checkRow(row: Row): string | undefined {
    const { pk = "", sk = "", d: _reason, m: _message, S: _state, ...others } = row;
    const text = JSON.stringify(others);
    if ([SECRET, PASSWORD, INTERNAL].some((secret) => text.includes(secret))) return "a row holds a secret";
    if (/^[mdh]#/.test(pk)) return this.#checkHistoryRow(row);
    if (/^o#\d+$/.test(pk)) return hasPresence(sk) ? undefined : "an occupancy row of a channel without presence";
    const present = presenceIn(row);
    const subscription = present ?? subscriptionIn(row);
    if (!subscription) {
      const known = (pk.startsWith("a#") && sk === "agent") || /^[rb]#\d+$/.test(pk);
      return known ? undefined : "a row of an unknown kind";
    }
    if (present && !hasPresence(present.channel)) return "a presence row of a channel without presence";
    if (present && row["S"] !== undefined && !hasState(present.channel)) return "a state on a channel without states";
    const member = this.#members.get(present ? (row["u"] ?? "") : (this.#agents.get(subscription.connection) ?? ""));
    if (!member || this.deliveries.everSubscribed(member, subscription.channel)) return undefined;
    return "a row of a subscription that no guard permitted";
  }

  /** The error in a history row: its head, a message, or a publisher's deduplication record. */
  #checkHistoryRow({ pk = "", sk = "", m: message, n = "", e: epoch }: Row): string | undefined {
    const [kind, channel = "", whose = ""] = pk.split("#");
    if (!hasHistory(channel)) return "a history row of a channel without history";
    const history = this.histories.of(channel);
    const its = kind === "m" ? whose : epoch;
    if (its !== (history.epoch ?? its)) return "a row of another epoch";
    if (Number(kind === "m" ? sk : n) > history.maxOffset) return "a row with an offset that is too large";
    if (kind === "d") return this.#members.has(whose) ? undefined : "a deduplication record of an unknown agent";
    if (kind === "h" || message === undefined) return undefined;
    const stored = JSON.parse(message) as { uuid: string; data: Json };
    const known = history.offsets.get(Number(sk));
    if (known && (known.uuid !== stored.uuid || known.data !== JSON.stringify(stored.data)))
      return "a row with another message than an answer had";
    return this.deliveries.isStored({ channel, ...stored }) ? undefined : "a row of a message that no guard permitted";
  }
}
