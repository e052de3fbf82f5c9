import { currentUser } from "../lib/session";
import { signOut } from "./actions";
import { Rooms } from "./Rooms";
import { SignIn } from "./SignIn";

/** Rendered for each request: it reads the cookie, and the URL of the deployment that this server runs in. */
export default async function Page() {
  const user = await currentUser();
  if (user === undefined) return <SignIn />;
  return (
    <Rooms key={user} url={process.env["PUSH_IT_URL"] ?? ""}>
      <form action={signOut}>
        <button>Sign out {user}</button>
      </form>
    </Rooms>
  );
}
