import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Agent } from "../../connection/agent.js";
import type { PresenceRecorder } from "../../presence/presence-recorder.js";
import type { PresenceIdentity } from "../../presence/members.js";
import type { ChannelPatterns } from "../../../protocol/channel-settings.js";
import type { Clock, DeletionOrder } from "../../ports.js";
import { Table } from "./table.js";

/**
 * The table of a deployment with presence: it records joins and leaves with the subscriptions.
 *
 * A join is recorded before the subscription is written, and a leave after it is deleted. So if both happen at once, no
 * agent stays present without a subscription. At worst an agent is subscribed and absent: it learns this from its next
 * ping, and subscribes again.
 */
export class PresenceRecordingTable extends Table {
  readonly #recorder: Pick<PresenceRecorder, "join" | "leave" | "describe" | "startNotifier">;

  constructor(
    client: DynamoDBClient,
    name: string,
    clock: Clock,
    channels: ChannelPatterns,
    recorder: Pick<PresenceRecorder, "join" | "leave" | "describe" | "startNotifier">,
  ) {
    super(client, name, clock, channels);
    this.#recorder = recorder;
  }

  override async putSubscriptions(
    agent: PresenceIdentity & Pick<Agent, "session">,
    channels: string[],
    observed: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const joined = channels.filter((channel) => !observed.has(channel));
    await this.#recorder.join(agent, joined);
    await super.putSubscriptions(agent, channels, observed);
    await this.#recorder.leave(
      agent.connectionId,
      channels.filter((channel) => observed.has(channel)),
    );
    await this.#recorder.startNotifier(joined);
  }

  override async deleteSubscriptions(connectionId: string, channels: string[], order?: DeletionOrder): Promise<void> {
    await super.deleteSubscriptions(connectionId, channels, order);
    await this.#recorder.leave(connectionId, channels);
  }

  override async renewAgent(agent: Agent, previous: Agent): Promise<Agent | undefined> {
    const renewed = await super.renewAgent(agent, previous);
    if (renewed && JSON.stringify(agent.info) !== JSON.stringify(previous.info)) {
      await this.#recorder.describe(agent, (await this.connectionSubscriptions(agent.connectionId)).channels);
    }
    return renewed;
  }
}
