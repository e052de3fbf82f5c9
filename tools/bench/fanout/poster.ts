import { type DeliveryMethod, publishers } from "./delivery-methods.js";

/** One way to post, in a process of its own: publishes as often as it is asked to, and measures itself. */

/** What one publication took, in milliseconds but for the CPU. */
export interface PublishTimes {
  /** From the publication to the first post: who the subscribers are has to be read. */
  readMs: number;
  /** From the first post to the last answer. */
  postMs: number;
  /** Of this process, all threads, reading included, in microseconds. */
  cpuMicros: number;
}

const [path, url] = process.argv.slice(2) as [DeliveryMethod, string];
const publish = publishers[path](url);

const measured = async (subscribers: number): Promise<PublishTimes> => {
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let posting = begun;
  await publish(subscribers, () => (posting = performance.now()));
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  return { readMs: posting - begun, postMs: ended - posting, cpuMicros: user + system };
};

process.on("message", ({ subscribers }: { subscribers: number }) => {
  measured(subscribers).then(
    (published) => process.send?.(published),
    (error: unknown) => process.send?.({ error: String((error as Error).stack ?? error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ ready: true });
