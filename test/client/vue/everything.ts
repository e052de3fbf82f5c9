import { defineComponent, h } from "vue";
import {
  useChannel,
  useConnection,
  useLatest,
  useMembers,
  useMessages,
  usePresence,
  useTyping,
} from "push-it-client/vue";

/** A component with every composable. */
export const Everything = defineComponent(() => {
  const { state } = useConnection();
  const { status } = useChannel("a");
  const { messages } = useMessages("a", { last: 0 });
  const { members } = useMembers("a");
  const { typing } = useTyping("a");
  const { message } = useLatest("a");
  usePresence("a", { at: "desk" });
  return () => {
    const counts = [messages.value, members.value, typing.value].map(({ length }) => length).join();
    return h("p", `${state.value} ${status.value} ${counts} ${String(message.value?.data)}`);
  };
});
