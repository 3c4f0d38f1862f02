// The script of a report's page, as it stands: hovering over a dot tells its trial, a click keeps it and rings it on
// every axis, and check boxes hide optimizers. Without it the page shows all the same.
(() => {
  /** In pixels of the drawing. */
  const REACH = 14;

  /**
   * The trials of an optimizer on a workload as ready texts: `rows` by number of the trial, each with a text a column.
   * @typedef {{ optimizer: string, columns: string[], rows: Record<string, string[]> }} TrialTable
   * @typedef {{ trial: number, x: number, y: number, path: SVGPathElement }} Dot
   * @typedef {{ workload: number, series: number }} Place
   */

  /** @type {Record<string, TrialTable>[]} by workload, then by the optimizer's place in the study */
  const workloads = JSON.parse(document.querySelector('#trials')?.textContent ?? '[]');

  const card = document.createElement('aside');
  card.id = 'trial';
  card.setAttribute('aria-live', 'polite');
  card.hidden = true;
  document.body.append(card);
  let isKept = false;

  /** @type {Map<SVGSVGElement, Dot[]>} */
  const dotsOf = new Map();

  for (const drawing of new Set(
    [...document.querySelectorAll('path[data-trials]')].map((path) => path.closest('svg')),
  )) {
    if (!drawing) continue;
    drawing.classList.add('alive');
    drawing.addEventListener('pointermove', (event) => {
      if (!isKept) show(nearest(drawing, event), drawing);
    });
    drawing.addEventListener('pointerleave', () => {
      if (!isKept) hide();
    });
    drawing.addEventListener('click', (event) => {
      const dot = nearest(drawing, event);
      isKept = dot !== undefined;
      show(dot, drawing);
    });
  }

  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') hide();
  });

  /**
   * The dots of a drawing, read from its paths when they are first needed.
   * @param {SVGSVGElement} drawing
   * @returns {Dot[]}
   */
  function dotsIn(drawing) {
    const known = dotsOf.get(drawing);
    if (known) return known;
    const paths = /** @type {SVGPathElement[]} */ ([
      ...drawing.querySelectorAll('path[data-trials]'),
    ]);
    const dots = paths.flatMap((path) => {
      const trials = (path.dataset['trials'] ?? '').split(' ').map(Number);
      const strokes = (path.getAttribute('d') ?? '').split('M').slice(1);
      const each = strokes.length / trials.length;
      return trials.map((trial, i) => {
        const own = strokes.slice(i * each, (i + 1) * each);
        return { trial, path, ...middle(own.flatMap(corners)) };
      });
    });
    dotsOf.set(drawing, dots);
    return dots;
  }

  /**
   * The corners of a stroke such as `1,2h0` or `-1,-1L1,1`, one coordinate after the other.
   * @param {string} stroke
   */
  function corners(stroke) {
    return (stroke.split('h')[0] ?? '').split(/[L,]/).map(Number);
  }

  /** @param {number[]} coordinates x and y in turn */
  function middle(coordinates) {
    const [x, y] = [0, 1].map((odd) => {
      const own = coordinates.filter((_, i) => i % 2 === odd);
      return (Math.min(...own) + Math.max(...own)) / 2;
    });
    return { x: x ?? 0, y: y ?? 0 };
  }

  /**
   * @param {SVGSVGElement} drawing
   * @param {MouseEvent} event
   * @returns {Dot | undefined} the dot under the pointer
   */
  function nearest(drawing, { clientX, clientY }) {
    const dots = dotsIn(drawing);
    const matrix = dots[0]?.path.getScreenCTM();
    if (!matrix) return undefined;
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
    let found;
    let least = REACH;
    for (const dot of dots) {
      const distance = Math.hypot(dot.x - x, dot.y - y);
      if (distance < least) [found, least] = [dot, distance];
    }
    return found;
  }

  /**
   * @param {Element} drawing
   * @returns {Place}
   */
  function placeOf(drawing) {
    const of = (/** @type {string} */ name) =>
      Number(drawing.closest(`[data-${name}]`)?.getAttribute(`data-${name}`));
    return { workload: of('workload'), series: of('series') };
  }

  function hide() {
    isKept = false;
    card.hidden = true;
    removeRings();
  }

  /**
   * @param {Dot | undefined} dot
   * @param {SVGSVGElement} drawing
   */
  function show(dot, drawing) {
    if (!dot) return hide();
    const place = placeOf(drawing);
    removeRings();
    ringEverywhere(dot.trial, place);
    const table = workloads[place.workload]?.[place.series];
    if (table) tell(table, dot.trial);
  }

  /**
   * @param {TrialTable} table
   * @param {number} trial
   */
  function tell({ optimizer, columns, rows }, trial) {
    const list = element('dl', '');
    columns.forEach((column, i) => {
      list.append(element('dt', column), element('dd', rows[trial]?.[i] ?? '–'));
    });
    card.replaceChildren(
      element('strong', `${optimizer}, trial ${trial}`),
      list,
      element('small', isKept ? 'Esc lets it go' : 'click to keep it'),
    );
    card.hidden = false;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  /**
   * @param {number} trial
   * @param {Place} place
   */
  function ringEverywhere(trial, { workload, series }) {
    const panels = `[data-workload="${workload}"] [data-series="${series}"] svg.alive`;
    for (const drawing of document.querySelectorAll(panels)) {
      const dot = dotsIn(/** @type {SVGSVGElement} */ (drawing)).find((own) => own.trial === trial);
      if (!dot) continue;
      const ring = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
      ring.setAttribute('class', 'ring');
      ring.setAttribute('cx', String(dot.x));
      ring.setAttribute('cy', String(dot.y));
      ring.setAttribute('r', '8');
      dot.path.after(ring);
    }
  }

  function removeRings() {
    for (const ring of document.querySelectorAll('.ring')) ring.remove();
  }

  const filter = document.querySelector('#filter');
  filter?.removeAttribute('hidden');
  filter?.addEventListener('change', () => {
    const boxes = /** @type {HTMLInputElement[]} */ ([...filter.querySelectorAll('input')]);
    const off = boxes.filter((box) => !box.checked).map((box) => box.value);
    document.documentElement.setAttribute('data-off', off.join(' '));
    hide();
  });
})();
