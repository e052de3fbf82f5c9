import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { PushItProvider } from "push-it-client/react";
import { App } from "./App.js";
import { pushIt } from "./push-it.js";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <PushItProvider client={pushIt}>
      <App />
    </PushItProvider>
  </StrictMode>,
);
