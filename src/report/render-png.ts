import { createRequire } from 'node:module';
import { type ResvgRenderOptions, renderAsync } from '@resvg/resvg-js';

/** Pixels for each pixel of the SVG: sharp in print at a column's width. */
const SCALE = 2;

const font = (name: string): string =>
  createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);

/** Its own fonts, so that a figure looks the same on a machine without any. */
const options = (): ResvgRenderOptions => ({
  fitTo: { mode: 'zoom', value: SCALE },
  font: {
    loadSystemFonts: false,
    fontFiles: ['DejaVuSans', 'DejaVuSans-Bold'].map(font),
    defaultFontFamily: 'DejaVu Sans',
    sansSerifFamily: 'DejaVu Sans',
  },
});

/** An SVG that stands alone as PNG, at twice its size. */
export async function renderPng(svg: string): Promise<Buffer> {
  return (await renderAsync(svg, options())).asPng();
}
