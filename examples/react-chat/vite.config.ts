import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // The page sees this variable. `npm start` sets it; for a deployment, set it to the stack's output Url.
  envPrefix: "PUSH_IT_URL",
});
