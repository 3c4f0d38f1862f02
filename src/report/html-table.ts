import { type Content, type Html, html } from './html.js';

interface HtmlTable {
  columns: readonly { label: string; numeric?: boolean }[];
  rows: readonly (readonly Content[])[];
}

/** A table that scrolls sideways on a narrow screen. */
export function htmlTable({ columns, rows }: HtmlTable): Html {
  const cell = (tag: 'th' | 'td', i: number, content: Content) => {
    const side = columns[i]?.numeric === true && html` class="number"`;
    return tag === 'th'
      ? html`<th scope="col"${side}>${content}</th>`
      : html`<td${side}>${content}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="group" aria-label="table"><table><thead><tr>${columns.map(({ label }, i) => cell('th', i, label))}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((content, i) => cell('td', i, content))}</tr>`)}</tbody></table></div>`;
}
