import { WebSocket } from "ws";
import { check, failed, passed, sameList } from "../check.js";
import { MISSED } from "../limits.js";
import { Waiting } from "../waiting.js";

/** A door that holds up who comes. */
class Door {
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  shut(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  pass(): Promise<void> {
    return this.#opened;
  }
}

/** After a cut, the SDK delivers each message once and in order, including those published meanwhile. */
export const recovery = check({
  name: "recovery",
  promise: "after a cut connection, the SDK has every message exactly once and in order",
  async observe(trial) {
    const publisher = await trial.open();
    const channel = await trial.channel("history");
    const sockets: WebSocket[] = [];
    class Cuttable extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const door = new Door();
    const credentials = async () => (await door.pass(), trial.settings.credentials);
    const client = trial.client({ WebSocket: Cuttable, credentials, retryBase: 100 });
    const waiting = new Waiting(trial.settings.timeoutMs);
    const got: string[] = [];
    const recovered: (boolean | undefined)[] = [];
    const kept = client.channel(channel);
    kept.on("message", ({ uuid }) => (got.push(uuid), waiting.notify()));
    kept.on("subscribed", (event) => (recovered.push(event.recovered), waiting.notify()));
    await kept.subscribe();
    const sent = [(await trial.publish(publisher, channel, 1)).uuid];
    await waiting.until(() => got.length > 0, "a message before the cut");
    door.shut();
    sockets.at(-1)?.terminate();
    sent.push(...(await trial.publishAll(publisher, channel, MISSED)).map(({ uuid }) => uuid));
    door.open();
    await waiting.until(() => recovered.length > 1, "the subscription after the cut");
    const last = (await trial.publish(publisher, channel, 2)).uuid;
    sent.push(last);
    const complete = await waiting
      .until(() => got.includes(last) && got.length >= sent.length, "the messages of the cut")
      .then(
        () => true,
        () => false,
      );
    return { sent, got, recovered: recovered[1], complete };
  },
  judge({ sent, got, recovered, complete }) {
    if (recovered !== true) return failed("after a cut, the server does not say that everything was recovered");
    if (!complete || !sameList(sent, got)) {
      const missing = sent.filter((uuid) => !got.includes(uuid)).length;
      return failed(
        missing > 0
          ? `after a cut, ${missing} of ${sent.length} messages are missing`
          : `after a cut, ${got.length} messages were delivered instead of ${sent.length}, or in another order`,
      );
    }
    return passed(`${MISSED} messages of the cut, ${sent.length} in all, once and in order`);
  },
});
