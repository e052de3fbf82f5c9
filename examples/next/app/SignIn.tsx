"use client";

import { useActionState } from "react";
import { signIn } from "./actions";

export function SignIn() {
  const [reason, action] = useActionState(signIn, "");
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
