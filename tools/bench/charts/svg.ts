/** The colors of the series, for light and dark pages. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ["#2563b8", "#6ea8f7"],
  ["#c2570c", "#f59a4c"],
  ["#15803d", "#4fcb7f"],
  ["#8b3fb5", "#c78bee"],
  ["#6b7280", "#9ca3af"],
  ["#a3155b", "#f277ad"],
];

/** Width of a chart, in pixels. */
export const WIDTH = 760;

/** Estimated width of a character, in pixels: the fonts of a page cannot be measured here. */
export const CHARACTER_WIDTH = 7.2;

/** Escapes text for XML. */
const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (each) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[each] ?? each);

/** A coordinate with one decimal. */
export const coordinate = (value: number): string => String(Math.round(value * 10) / 10);

/** The class of a series' color. Colors repeat after the last one. */
export const colourOf = (series: number): string => `c${series % COLOURS.length}`;

/** The position and style of a text. */
interface TextPlace {
  x: number;
  y: number;
  anchor?: "start" | "middle" | "end";
  style?: "title" | "faint";
}

/** A line of text. */
export const text = (what: string, { x, y, anchor = "start", style }: TextPlace): string =>
  `<text x="${coordinate(x)}" y="${coordinate(y)}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`}${style ? ` class="${style}"` : ""}>${escapeXml(what)}</text>`;

/** Formats a number with three significant digits and thousands separators. */
export const formatNumber = (value: number): string => {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.min(digits, 6) });
};

const style = (): string => {
  const colours = (of: 0 | 1): string => COLOURS.map((pair, index) => `.c${index}{color:${pair[of]}}`).join("");
  return (
    `<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:14px}.faint{fill:#59636e}` +
    `.grid{stroke:#d1d9e0}rect,circle{fill:currentColor}polyline{fill:none;stroke:currentColor;stroke-width:2}` +
    `.dashed{stroke-dasharray:5 4}${colours(0)}` +
    `@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.faint{fill:#9198a1}.grid{stroke:#3d444d}${colours(1)}}</style>`
  );
};

/** The vertical position of the legend, below the title. */
const LEGEND_Y = 46;

/** The top of the plot, below the title and the legend. */
export const plotTop = (names: readonly string[]): number => (names.length > 1 ? LEGEND_Y + 22 : LEGEND_Y - 10);

/** The legend in one row; empty for a single series, which the title names. */
const legend = (names: readonly string[]): string[] => {
  if (names.length < 2) return [];
  let x = 12;
  return names.flatMap((name, index) => {
    const begin = x;
    x += 34 + name.length * CHARACTER_WIDTH;
    return [
      `<rect x="${coordinate(begin)}" y="${LEGEND_Y - 10}" width="12" height="12" rx="2" class="${colourOf(index)}"/>`,
      text(name, { x: begin + 18, y: LEGEND_Y }),
    ];
  });
};

/** The whole image, readable on light and dark pages. */
export const svgImage = (title: string, names: readonly string[], height: number, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" width="${WIDTH}" height="${Math.ceil(height)}" role="img" aria-label="${escapeXml(title)}">`,
    style(),
    text(title, { x: 12, y: 22, style: "title" }),
    ...legend(names),
    ...parts,
    "</svg>\n",
  ].join("\n");
