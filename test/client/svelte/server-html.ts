/** Provided.svelte as a server renders it: server.test.ts renders it, and the page takes it over. */
export const SERVER_HTML =
  "<!--[--><p>disconnected subscribing 0,0,0 undefined</p> <!--[-1--><i>off</i><!--]--><!--]-->";
