import type { Position } from "../protocol/history.js";
import type { PresencePage } from "../protocol/presence.js";
import { Channel as Core } from "./core-channel.js";
import type { HistoryOptions, Present, Recorded } from "./types.js";

/**
 * A channel or wildcard of a `PushIt`: promises, listeners and `for await` on the same connection; its history, and who
 * is there.
 * @typeParam Data what its messages carry
 * @example
 * const stories = pushIt.channel<Story>("stories/5");
 * const off = stories.on("message", ({ data }) => show(data));
 * await stories.subscribe();
 * await stories.publish({ title: "Once" }, { echo: false });
 */
export class Channel<Data = unknown> extends Core<Data> {
  /**
   * Everything up to here was told; a later `subscribe({ since })`, also of another page, goes on from it. `undefined`
   * while that is not known, and where the channel has no history.
   */
  get position(): Position | undefined {
    return this._pushIt._core._position(this.name);
  }

  /**
   * Reads the channel's history: as old as it is kept, whether subscribed or not. Rejects with a `PushItError`.
   * @example const { messages } = await stories.history({ reverse: true, limit: 20 });
   */
  async history(options?: HistoryOptions): Promise<Recorded<Data>> {
    const replay = await this.#ask<Omit<Recorded<Data>, "messages">>("history", options);
    return { messages: [], ...replay };
  }

  /** Who is subscribed to this very channel, where it has presence. Rejects with a `PushItError`. */
  async presence(): Promise<Present> {
    const members: Present["members"] = [];
    let page: Partial<PresencePage> = {};
    do {
      page = await this.#ask<PresencePage>("presence", { after: page.more });
      members.push(...page.members!);
    } while (page.more);
    return { count: members.length, members };
  }

  #ask<Answer>(action: "history" | "presence", options?: object): Promise<Answer> {
    return new Promise((resolve, reject) =>
      this._pushIt._core._ask(action, (error, data) => (error ? reject(error) : resolve(data as Answer)), { ...options, channel: this.name }),
    );
  }
}
