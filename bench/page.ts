/**
 * A page with what stands between the markers of `name` replaced.
 * @throws Error when the page has no such markers
 * @example between("<!-- guards -->\nold\n<!-- /guards -->", "guards", "new")
 */
export const between = (page: string, name: string, text: string): string => {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n${page.slice(to)}`;
};
