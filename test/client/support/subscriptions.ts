import { RequestQueue } from "../../../client/src/requests/request-queue.js";
import { Subscriptions } from "../../../client/src/subscriptions/subscriptions.js";
import type { Reply } from "../../../protocol/index.js";
import { FakeConnection, FakeInternals, FakeTransport } from "./fake-internals.js";
import { settled } from "./setup.js";

/** Subscriptions with a queue, on transports whose frames a test reads and answers. */
export const makeSubscriptions = ({ isConnected = true } = {}) => {
  const client = new FakeInternals();
  const connection = new FakeConnection();
  const queue = new RequestQueue(client);
  const subscriptions = new Subscriptions(client, connection, queue);
  client.extensions.push(subscriptions);
  /** All transports, so that frames can be read in order. */
  const transports: FakeTransport[] = [];
  const emitted: string[] = [];
  for (const event of ["subscribed", "unsubscribed"] as const)
    client.emitter.on(event, (value) =>
      emitted.push([event, value.channel, ...("error" in value ? [value.error!.code] : [])].join(" ")),
    );
  client.emitter.on("error", (error) => emitted.push(`error ${error.channel} ${error.code}`));

  const open = async (): Promise<void> => {
    const transport = new FakeTransport(client.platform.now);
    transports.push(transport);
    client.isConnected = true;
    connection.transport = queue.transport = transport;
    client.notify("onConnected", transport);
    queue.flush();
    await settled();
  };
  const lose = (): void => {
    const { transport } = connection;
    client.isConnected = false;
    connection.transport = queue.transport = undefined;
    queue.failInFlight(transport!);
    client.notify("onDisconnected");
  };
  if (isConnected) {
    const transport = new FakeTransport();
    transports.push(transport);
    connection.transport = queue.transport = transport;
  } else client.isConnected = false;

  const outcomeOf = (call: (settle: (error?: { code: string }) => void) => void): string[] => {
    const outcome: string[] = [];
    call((error) => outcome.push(error?.code ?? "ok"));
    return outcome;
  };
  const hold = (channel: string, holder: object = client.ownHolder): string[] =>
    outcomeOf((settle) => subscriptions.hold(channel, holder, settle));
  const release = (channel: string, holder: object = client.ownHolder): string[] =>
    outcomeOf((settle) => subscriptions.release(channel, holder, settle));

  const sent = () => transports.flatMap((transport) => transport.frames.map((frame) => ({ ...frame, transport })));
  const answer = async (index: number, more: Partial<Reply> = { successful: true }): Promise<void> => {
    const { action, uuid, data, transport } = sent()[index]!;
    for (const channel of data!.channels!)
      queue.handleReply(
        { channel: `/meta/${action}` as "/meta/subscribe", uuid, data: { channel }, ...more },
        transport,
      );
    await settled();
  };
  const actions = (): string[] => sent().map(({ action, data }) => `${action} ${data!.channels!.join()}`);
  return {
    client,
    platform: client.platform,
    connection,
    queue,
    subscriptions,
    emitted,
    open,
    lose,
    hold,
    release,
    sent,
    answer,
    actions,
  };
};
