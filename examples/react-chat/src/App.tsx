import { useState, useSyncExternalStore } from "react";
import { useConnection, usePushIt } from "push-it-client/react";
import { Chat } from "./Chat.js";
import { session } from "./push-it.js";

const ROOMS = ["lobby", "music", "staff"];

/** The room of the address, such as `#music`, so that a room can be shared as a link. */
const roomOf = (hash: string): string => /^#([\w-]+)$/.exec(hash)?.[1] ?? ROOMS[0]!;

const subscribeToHash = (listener: () => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};

export function App() {
  const pushIt = usePushIt();
  const { state, reason, connect } = useConnection();
  const [name, setName] = useState(session.name);
  const room = useSyncExternalStore(subscribeToHash, () => roomOf(location.hash));

  const signIn = (form: FormData) => {
    session.name = String(form.get("name"));
    setName(session.name);
    connect();
  };
  /** Forgets all that belongs to this user: subscriptions, positions, and what waits to be sent. */
  const signOut = () => {
    session.name = null;
    setName(null);
    pushIt.reset();
  };

  if (name === null || state === "denied") return <SignIn action={signIn} reason={state === "denied" ? reason : ""} />;
  return (
    <div className="app">
      <header>
        <h1>Chat</h1>
        <Connection />
        <button onClick={signOut}>Sign out {name}</button>
      </header>
      <nav aria-label="Rooms">
        {ROOMS.map((each) => (
          <a key={each} href={`#${each}`} aria-current={each === room}>
            # {each}
          </a>
        ))}
      </nav>
      <main>
        <Chat key={room} room={`rooms/${room}`} />
      </main>
    </div>
  );
}

function SignIn({ action, reason }: { action: (form: FormData) => void; reason: string }) {
  return (
    <form action={action} className="sign-in">
      <h1>Chat</h1>
      <label>
        Your name <input name="name" autoComplete="nickname" required maxLength={20} />
      </label>
      <button>Enter</button>
      {reason && <p role="alert">{reason}</p>}
    </form>
  );
}

/** The state of the connection. While it is lost, messages wait, and are sent after it. */
function Connection() {
  const { state, retryIn, connect } = useConnection();
  if (state === "connected") return <p role="status">online</p>;
  return (
    <p role="status" className="offline">
      {retryIn ? "offline" : "connecting…"} {retryIn ? <button onClick={() => connect()}>Try now</button> : null}
    </p>
  );
}
