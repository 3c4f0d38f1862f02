import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, trusted } from '../../src/report/html.js';

describe('html', () => {
  it('escapes what is put in', () => {
    expect(html`<p title="${'"x"'}">${"<b>&'"}</p>`.text).toBe(
      '<p title="&quot;x&quot;">&lt;b&gt;&amp;&#39;</p>',
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"']/);
      }),
    );
  });

  it('keeps HTML, joins lists, and leaves out what is not there', () => {
    const items = ['a', '<'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${false}${null}${undefined}${0}`.text).toBe(
      '<ul><li>a</li><li>&lt;</li></ul>0',
    );
    expect(html`${trusted('<i>')}`.text).toBe('<i>');
  });
});
