import { publishAgain } from "./again.js";
import { Channel } from "./channel.js";
import { PushIt as CorePushIt } from "./core-push-it.js";
import { handOver } from "./hand-over.js";
import { keepHistory } from "./history.js";
import type { PushItOptions } from "./options.js";
import type { Core } from "./parts.js";
import { attend } from "./presence.js";
import { suspend } from "./suspend.js";
import type { OnError, SubscribeOptions } from "./types.js";

/**
 * An agent: one connection to a Push-It, kept as long as the application wants it.
 * @example
 * const pushIt = new PushIt({ url: "wss://…", channels: ["stories/5"], credentials: () => session.token() });
 * pushIt.onMessageReceived = (channel, message) => show(channel, message.data);
 * pushIt.publish({ channel: "stories/5", data: { text: "Hello" } }, (error) => alert(error.message));
 */
export class PushIt extends CorePushIt<PushItOptions> {
  /** @internal */
  override _extend(core: Core): void {
    keepHistory(core);
    attend(core);
    handOver(core);
    suspend(core);
    publishAgain(core);
  }

  /**
   * Subscribes to a channel or wildcard; stays subscribed across reconnections. On a channel with history nothing is
   * missed in between.
   * @param onError told why not; left out, the `error` event is
   * @param onSuccess told when subscribed: every message that is published from now on arrives
   */
  override subscribe(channel: string, onError?: OnError, onSuccess?: (channel: string) => void, options?: SubscribeOptions): void {
    super.subscribe(channel, onError, onSuccess);
    // Before it is sent, which is when this turn is over.
    this._core._begin(channel, options?.since);
  }

  /**
   * A channel or wildcard, with promises, listeners and `for await`. It holds nothing: make as many as you like.
   * @typeParam Data what its messages carry: what your application agrees on, nobody checks it
   * @example for await (const { data } of pushIt.channel<Story>("stories/5")) show(data);
   */
  override channel<Data = unknown>(name: string): Channel<Data> {
    return new Channel(this, name);
  }
}

