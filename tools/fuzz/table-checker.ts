import { DynamoDBClient, ListTablesCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import type { DeliveryModel, Member } from "./delivery-model.js";
import type { Json } from "../../protocol/index.js";
import { INTERNAL, hasHistory, PASSWORD, SECRET, hasPresence } from "./policy.js";
import type { HistoryModel } from "./history-model.js";

/** A row of the table, numbers as text. */
export type Row = Record<string, string>;

/** Reads the table, beside the system. */
export class TableReader {
  readonly #client: DynamoDBClient;
  #name: string | undefined;

  /** @param endpoint the engine's, on this machine */
  constructor(endpoint: string) {
    const credentials = { accessKeyId: "AKIAFUZZREADER000000", secretAccessKey: "reader" };
    this.#client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  }

  /** The only table's name. */
  async tableName(): Promise<string> {
    if (this.#name === undefined) {
      const { TableNames: names = [] } = await this.#client.send(new ListTablesCommand({}));
      if (names.length !== 1) throw new Error(`One table was expected, and there are ${names.length}.`);
      this.#name = String(names[0]);
    }
    return this.#name;
  }

  /**
   * What is in the table.
   * @param whole also the histories, which grow for as long as a run takes
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

  /** Ends the client. */
  close(): void {
    this.#client.destroy();
  }
}

/** An agent whose rows are judged. */
export type CheckedAgent = Member & { readonly agent: string; readonly overtaken?: boolean };

/** A subscription that a row stores; `undefined` for other rows. */
const subscriptionIn = ({ pk = "", sk = "" }: Row): { connection: string; channel: string } | undefined => {
  if (pk.startsWith("c#")) return { connection: sk, channel: pk.slice(2) };
  if (pk.startsWith("a#") && sk.startsWith("s#")) return { connection: pk.slice(2), channel: sk.slice(2) };
  return undefined;
};

/** That an agent is on a channel, as a row stores it; `undefined` for other rows. */
const presenceIn = ({ pk = "", c: connection = "" }: Row): { connection: string; channel: string } | undefined =>
  pk.startsWith("p#") ? { connection, channel: pk.slice(2) } : undefined;

/** Judges what is stored by what guards permitted; see docs/ARCHITECTURE.md for the rows. */
export class TableChecker {
  /** Connections by what the table says of their agents. */
  readonly #agents = new Map<string, string>();
  readonly #members = new Map<string, CheckedAgent>();

  constructor(
    private readonly deliveries: DeliveryModel,
    private readonly histories: HistoryModel,
  ) {}

  /** An agent that the connection guard accepted. One that was never told its id cannot be found in the table. */
  register(member: CheckedAgent): void {
    if (member.agent !== "") this.#members.set(member.agent, member);
  }

  /** Who has this id. */
  agentById(agent: string): CheckedAgent | undefined {
    return this.#members.get(agent);
  }

  /** What is wrong with any row, whosever it is and whatever is going on. */
  checkRows(rows: readonly Row[]): string[] {
    for (const { pk = "", sk, u } of rows) if (sk === "agent" && u !== undefined) this.#agents.set(pk.slice(2), u);
    return rows.flatMap((row) => {
      const fault = this.#checkRow(row);
      return fault === undefined ? [] : [`${fault}: ${JSON.stringify(row)}`];
    });
  }

  /** What is wrong with the subscriptions of agents to whom nothing happens at the moment: each is stored, and no other. */
  checkSubscriptions(rows: readonly Row[], members: readonly CheckedAgent[]): string[] {
    return members.flatMap((member) => {
      const stored = { "a#": new Set<string>(), "c#": new Set<string>() };
      const there = new Set<string>();
      for (const row of rows) {
        const found = subscriptionIn(row);
        if (found && this.#agents.get(found.connection) === member.agent) {
          stored[row["pk"]?.startsWith("c#") ? "c#" : "a#"].add(found.channel);
        }
        const present = row["g"] === undefined ? presenceIn(row) : undefined;
        if (present && row["u"] === member.agent) there.add(present.channel);
      }
      const { sure, unsure } = this.deliveries.subscriptionsOf(member);
      const wrong = [...there]
        .filter((each) => !sure.has(each) && !unsure.has(each))
        .map((each) => `it is present on ${each}, where it is not`);
      const absent = [...sure]
        .filter((each) => hasPresence(each) && !there.has(each))
        .map((each) => `it is not present on ${each}, where it is`);
      return [
        ...wrong,
        ...absent,
        ...Object.entries(stored).flatMap(([side, channels]) => [
          ...[...sure]
            .filter((each) => !channels.has(each))
            .map((each) => `no ${side} row of the subscription to ${each}`),
          ...[...channels]
            .filter((each) => !sure.has(each) && !unsure.has(each))
            .map((each) => `a ${side} row of a subscription to ${each}, which there is not`),
        ]),
      ];
    });
  }

  /**
   * Whether a row may stay when all have left: of renewals that overtook each other, one registration too many may be
   * left, which the sweep drops. Histories stay, and for a while that a channel without anybody had somebody.
   */
  mayStay({ pk = "", sk = "", o: occupied }: Row): boolean {
    if (/^[mdh]#/.test(pk)) return true;
    if (pk.startsWith("o#")) return occupied === undefined;
    const agent = this.#agents.get(sk.slice(sk.indexOf("#") + 1)) ?? "";
    return pk.startsWith("r#") && this.#members.get(agent)?.overtaken === true;
  }

  /** Agents in the table that nobody ever was told of. */
  get unknownAgents(): string[] {
    return [...this.#agents.values()].filter((agent) => !this.#members.has(agent));
  }

  #checkRow(row: Row): string | undefined {
    const { pk = "", sk = "", d: _reason, m: _message, ...others } = row;
    const text = JSON.stringify(others);
    if ([SECRET, PASSWORD, INTERNAL].some((secret) => text.includes(secret))) return "a row holds a secret";
    if (/^[mdh]#/.test(pk)) return this.#checkHistoryRow(row);
    if (/^o#\d+$/.test(pk)) return hasPresence(sk) ? undefined : "a row of a channel that tells nobody who is there";
    const present = presenceIn(row);
    const subscription = present ?? subscriptionIn(row);
    if (!subscription) {
      const known = (pk.startsWith("a#") && sk === "agent") || /^r#\d+$/.test(pk);
      return known ? undefined : "a row of no known kind";
    }
    if (present && !hasPresence(present.channel))
      return "a row of somebody on a channel that does not tell who is there";
    const member = this.#members.get(present ? (row["u"] ?? "") : (this.#agents.get(subscription.connection) ?? ""));
    if (!member || this.deliveries.everSubscribed(member, subscription.channel)) return undefined;
    return "a row of a subscription that no guard permitted";
  }

  /** What is wrong with a row of a channel's history: its head, a message, or a publisher's claim. */
  #checkHistoryRow({ pk = "", sk = "", m: message, n = "", e: epoch }: Row): string | undefined {
    const [kind, channel = "", whose = ""] = pk.split("#");
    if (!hasHistory(channel)) return "a row of a history that is not kept";
    const history = this.histories.of(channel);
    const its = kind === "m" ? whose : epoch;
    if (its !== (history.epoch ?? its)) return "a row of another epoch";
    if (Number(kind === "m" ? sk : n) > history.maxOffset) return "a row of an offset that nobody can have taken";
    if (kind === "d") return this.#members.has(whose) ? undefined : "a claim of somebody who is not known";
    if (kind === "h" || message === undefined) return undefined;
    const stored = JSON.parse(message) as { uuid: string; data: Json };
    const known = history.offsets.get(Number(sk));
    if (known && (known.uuid !== stored.uuid || known.data !== JSON.stringify(stored.data)))
      return "a row of another message than was told";
    return this.deliveries.isStored({ channel, ...stored }) ? undefined : "a row of a message that no guard permitted";
  }
}
