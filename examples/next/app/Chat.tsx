"use client";

import { useMembers, useMessages, usePresence, useTyping } from "push-it-client/react";
import { ringBell } from "./actions";

export function Chat({ room }: { room: `rooms/${string}` }) {
  const { messages, publish, retry, hasOlder, loadOlder, status, error } = useMessages(room, { last: 30 });
  const { members } = useMembers(room);
  const { typing, keystroke, stop } = useTyping(room);
  usePresence(room);
  const names = (list: typeof typing) => list.map(({ userId }) => userId).join(", ");
  const send = (form: FormData) => {
    publish({ text: String(form.get("text")).trim() });
    stop();
  };
  if (status === "denied") return <p role="alert">{error?.message}</p>;
  return (
    <section className="chat">
      <p className="members">Here: {names(members)}</p>
      <div className="scroll">
        <ol aria-live="polite">
          {hasOlder && <button onClick={loadOlder}>Show older messages</button>}
          {messages.map(({ uuid, from, data, status, own, error }) => (
            <li key={uuid} className={`${status} ${own ? "own" : ""}`}>
              <b>{from?.userId ?? "server"}</b> {data.text}
              {error && <button onClick={() => retry(uuid)}>{error.message} Send again</button>}
            </li>
          ))}
        </ol>
      </div>
      <p className="typing">{typing.length > 0 && `${names(typing)} typing…`}</p>
      <form action={send}>
        <input name="text" placeholder="Write a message" autoComplete="off" onInput={keystroke} required />
        <button>Send</button>
        <button type="button" onClick={() => ringBell(room)}>
          Ring the bell
        </button>
      </form>
    </section>
  );
}
