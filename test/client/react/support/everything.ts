import { createElement } from "react";
import {
  useChannel,
  useConnection,
  useLatest,
  useMembers,
  useMessages,
  usePresence,
  useTyping,
} from "push-it-client/react";

/** A component with every hook. */
export const Everything = () => {
  const { state } = useConnection();
  const { status } = useChannel("a");
  const { messages } = useMessages("a", { last: 0 });
  const { members } = useMembers("a");
  const { typing } = useTyping("a");
  const { message } = useLatest("a");
  usePresence("a", { at: "desk" });
  const counts = [messages, members, typing].map(({ length }) => length).join();
  return createElement("p", null, `${state} ${status} ${counts} ${String(message?.data)}`);
};
