import { DynamoDBClient, ListTablesCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import type { Ledger, Member } from "./ledger.js";
import { INTERNAL, PASSWORD, SECRET } from "./policy.js";

/** A row of the table, numbers as text. */
export type Row = Record<string, string>;

/** Reads the table, beside the system. */
export class Rows {
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

  /** Everything in the table. */
  async all(): Promise<Row[]> {
    const rows: Row[] = [];
    const input = { TableName: await this.tableName(), ConsistentRead: true };
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
export type Audited = Member & { readonly agent: string; readonly overtaken?: boolean };

/** A subscription that a row stores; `undefined` for other rows. */
const subscriptionIn = ({ pk = "", sk = "" }: Row): { connection: string; channel: string } | undefined => {
  if (pk.startsWith("c#")) return { connection: sk, channel: pk.slice(2) };
  if (pk.startsWith("a#") && sk.startsWith("s#")) return { connection: pk.slice(2), channel: sk.slice(2) };
  return undefined;
};

/** Judges what is stored by what guards permitted; see docs/ARCHITECTURE.md for the rows. */
export class Audit {
  /** Connections by what the table says of their agents. */
  readonly #agents = new Map<string, string>();
  readonly #members = new Map<string, Audited>();

  constructor(private readonly ledger: Ledger) {}

  /** An agent that the connection guard accepted. One that was never told its id cannot be found in the table. */
  knows(member: Audited): void {
    if (member.agent !== "") this.#members.set(member.agent, member);
  }

  /** What is wrong with any row, whosever it is and whatever is going on. */
  judge(rows: readonly Row[]): string[] {
    for (const { pk = "", sk, u } of rows) if (sk === "agent" && u !== undefined) this.#agents.set(pk.slice(2), u);
    return rows.flatMap((row) => {
      const fault = this.#fault(row);
      return fault === undefined ? [] : [`${fault}: ${JSON.stringify(row)}`];
    });
  }

  /** What is wrong with the subscriptions of agents to whom nothing happens at the moment: each is stored, and no other. */
  judgeExactly(rows: readonly Row[], members: readonly Audited[]): string[] {
    return members.flatMap((member) => {
      const stored = { "a#": new Set<string>(), "c#": new Set<string>() };
      for (const row of rows) {
        const found = subscriptionIn(row);
        if (found && this.#agents.get(found.connection) === member.agent) {
          stored[row["pk"]?.startsWith("c#") ? "c#" : "a#"].add(found.channel);
        }
      }
      const { sure, unsure } = this.ledger.subscriptionsOf(member);
      return Object.entries(stored).flatMap(([side, channels]) => [
        ...[...sure].filter((each) => !channels.has(each)).map((each) => `no ${side} row of the subscription to ${each}`),
        ...[...channels]
          .filter((each) => !sure.has(each) && !unsure.has(each))
          .map((each) => `a ${side} row of a subscription to ${each}, which there is not`),
      ]);
    });
  }

  /**
   * Whether a row may stay when all have left: of renewals that overtook each other, one registration too many may be
   * left, which the sweep drops.
   */
  mayStay({ pk = "", sk = "" }: Row): boolean {
    const agent = this.#agents.get(sk.slice(sk.indexOf("#") + 1)) ?? "";
    return pk.startsWith("r#") && this.#members.get(agent)?.overtaken === true;
  }

  /** Agents in the table that nobody ever was told of. */
  get strangers(): string[] {
    return [...this.#agents.values()].filter((agent) => !this.#members.has(agent));
  }

  #fault(row: Row): string | undefined {
    const { pk = "", sk = "", d: _reason, ...others } = row;
    const text = JSON.stringify(others);
    if ([SECRET, PASSWORD, INTERNAL].some((secret) => text.includes(secret))) return "a row holds a secret";
    const subscription = subscriptionIn(row);
    if (!subscription) {
      const known = (pk.startsWith("a#") && sk === "agent") || /^r#\d+$/.test(pk);
      return known ? undefined : "a row of no known kind";
    }
    const member = this.#members.get(this.#agents.get(subscription.connection) ?? "");
    if (!member || this.ledger.everSubscribed(member, subscription.channel)) return undefined;
    return "a row of a subscription that no guard permitted";
  }
}
