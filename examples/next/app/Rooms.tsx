"use client";

import { type ReactNode, useEffect, useState } from "react";
import { PushIt } from "push-it-client";
import { PushItProvider, useConnection } from "push-it-client/react";
import { channels } from "../lib/channels";
import { Chat } from "./Chat";

const ROOMS = ["lobby", "music", "staff"];

const credentials = async (): Promise<object> => (await (await fetch("/token")).json()) as object;

/** The chat of a signed-in user. Nothing connects while the server renders it. */
export function Rooms({ url, children }: { url: string; children: ReactNode }) {
  const [room, setRoom] = useState(ROOMS[0]!);
  const [pushIt] = useState(() => new PushIt({ url, types: channels, credentials, autoConnect: false }));
  useEffect(() => {
    pushIt.connect();
    return () => pushIt.disconnect();
  }, [pushIt]);

  return (
    <PushItProvider client={pushIt}>
      <div className="app">
        <header>
          <h1>Chat</h1>
          <Connection />
          {children}
        </header>
        <nav aria-label="Rooms">
          {ROOMS.map((each) => (
            <button key={each} aria-current={each === room} onClick={() => setRoom(each)}>
              # {each}
            </button>
          ))}
        </nav>
        <main>
          <Chat key={room} room={`rooms/${room}`} />
        </main>
      </div>
    </PushItProvider>
  );
}

/** The state of the connection. While it is lost, messages wait, and are sent after it. */
function Connection() {
  const { state, reason, retryIn, connect } = useConnection();
  if (state === "connected") return <p role="status">online</p>;
  return (
    <p role="status" className="offline">
      {state === "denied" ? reason : retryIn ? "offline" : "connecting…"}{" "}
      {retryIn ? <button onClick={() => connect()}>Try now</button> : null}
    </p>
  );
}
