/* Connectivity: heat map, graph and virtual stimulation. Row = receiver, column = sender;
 *   C_ij(tau) = (row_gain[tau][i] - send[j] row_gain[tau - 1][i]) c_ij */

const SHARES = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/* C(tau), rows as Float32Array. */
function connectivityAt(session, tau) {
  const { row_gain: gain, send } = session.connectivity;
  return session.c().map((row, i) => {
    const now = gain[tau][i], before = tau > 0 ? gain[tau - 1][i] : 0, out = new Float32Array(row.length);
    for (let j = 0; j < row.length; j++) out[j] = row[j] * (now - send[j] * before);
    return out;
  });
}

/* Absolute values off the diagonal, ascending, of an evenly spaced sample of about `most` pairs. */
function magnitudes(n, most, valueOf) {
  const step = Math.max(1, Math.floor((n * n) / most)), values = new Float32Array(Math.ceil((n * n) / step));
  let count = 0;
  for (let k = 0; k < n * n; k += step) {
    const i = Math.floor(k / n), j = k % n;
    if (i !== j) values[count++] = Math.abs(valueOf(i, j));
  }
  return values.subarray(0, count).sort();
}
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

/* End of the colour scale: the same for all lags, so that the slider compares them. */
const colourLimits = new Map();
function colourLimit(session) {
  if (!colourLimits.has(session)) {
    const { row_gain: gain, send, lags } = session.connectivity, c = session.c();
    const largest = (i, j) => {
      let most = 0;
      for (let tau = 0; tau <= lags; tau++) most = Math.max(most, Math.abs(gain[tau][i] - (tau > 0 ? send[j] * gain[tau - 1][i] : 0)));
      return most * c[i][j];
    };
    colourLimits.set(session, quantile(magnitudes(session.n, 1e5, largest), 0.998) || 1);
  }
  return colourLimits.get(session);
}

/* Where groups end in an order, and a label in the middle of each. */
function groupMarks(session, key, order) {
  const group = groupings(session).find((g) => g.key === key);
  if (!group) return null;
  const marks = [];
  order.forEach((i, place) => {
    const last = marks[marks.length - 1];
    if (last && last.name === group.values[i]) last.stop = place + 1;
    else marks.push({ name: group.values[i], start: place, stop: place + 1 });
  });
  return marks;
}

const LINE_PIXELS = 14, LETTER_PIXELS = 8; // of a label

/* Labels of the groups on an axis of so many pixels: the largest first, each where its line of text is free. Upright below
 * the map where they would meet side by side. */
function groupTicks(marks, n, pixels) {
  const middle = (m) => ((m.start + m.stop) / 2 / n) * pixels, kept = [];
  for (const m of [...marks].sort((a, b) => b.stop - b.start - (a.stop - a.start)))
    if (kept.every((other) => Math.abs(middle(other) - middle(m)) >= LINE_PIXELS)) kept.push(m);
  kept.sort((a, b) => a.start - b.start);
  const text = kept.map((m) => m.name || '?');
  const meet = kept.some((m, k) => k > 0 && middle(m) - middle(kept[k - 1]) < (LETTER_PIXELS * (text[k].length + text[k - 1].length)) / 2 + LETTER_PIXELS);
  return { all: kept.length === marks.length, ticks: { tickvals: kept.map((m) => (m.start + m.stop - 1) / 2), ticktext: text }, below: { tickangle: meet ? -90 : 0 } };
}

function neuronTicks(session, order) {
  const step = Math.max(1, Math.ceil(order.length / 30));
  const places = order.map((_, k) => k).filter((k) => k % step === 0);
  return { tickvals: places, ticktext: places.map((k) => session.neurons.id[order[k]]) };
}

/* ---- significance ---- */

/* Whether the edge to i from j is drawn at a place of a slider of false discovery rates: 0 is all pairs, k the k-th rate. */
function foundAt(session, place) {
  if (place === 0) return () => true;
  const level = session.level(), n = session.n;
  return (i, j) => level[i * n + j] >= place;
}

/* The place of the rate that the program takes by default. */
const usualPlace = (session) => (session.edges ? 1 + session.edges.levels.findIndex(({ fdr }) => fdr === session.edges.fdr) : 0);
const rateAt = (session, place) => (place === 0 ? 'all pairs' : figures(session.edges.levels[place - 1].fdr));

/* What `synapsnet connectivity` says of the edges, in the same words. */
function foundWords({ n_significant: found, n_tested: tested, fdr, method, stability }) {
  const seeds = seedWords(stability.seeds, found);
  if (!tested) return `No edge was tested.${seeds}`;
  return `${whole(found)} of ${whole(tested)} edges found at a false discovery rate of ${figures(fdr)} (${method}). ${stability.statement}.${seeds}`;
}

/* Where the fit was repeated. */
function seedWords(seeds, found) {
  if (!seeds) return '';
  return ` Over ${whole(seeds.fits)} fits from different seeds the connectivity correlates by ${seeds.median_correlation.toFixed(2).replace('-', '−')} (median); ${whole(seeds.agreeing_signs)} of ${whole(found)} found edges have one sign in all of them.`;
}
const UNTESTED = 'This model holds no tests of its edges, which an earlier version did not make: fit the recording again to see which to believe.';

/* ---- map ---- */

const MAP_PIXELS = 560, LEAST_MARK = 7, MOST_MARKS = 4000;

/* What the map shows of each pair at the controls' places: C(tau), or at a false discovery rate the estimates that were
 * tested, where C is of something else. keep(i, j): whether the pair is drawn. */
function mapOf(session, tau, share, rate) {
  const { matrix, drawn } = rate > 0 ? edgesOf(session, rate) : { matrix: connectivityAt(session, tau), drawn: () => true };
  const estimates = rate > 0 && drawnBy(session, rate) === 'estimate', n = session.n;
  const among = estimates ? (i, j) => (drawn(i, j) ? matrix[i][j] : 0) : (i, j) => matrix[i][j];
  const sizes = share < 1 || estimates ? magnitudes(n, 4e5, among) : null;
  const some = estimates ? sizes.subarray(sizes.findIndex((value) => value > 0)) : sizes; // a share of those found
  const least = share < 1 ? quantile(some, 1 - share) : 0;
  const everything = share === 1 && rate === 0;
  const keep = (i, j) => i !== j && (share === 1 || (Math.abs(matrix[i][j]) >= least && matrix[i][j] !== 0)) && drawn(i, j);
  return { matrix, keep, everything, name: estimates ? 'estimate' : 'C', limit: estimates ? quantile(some, 0.98) || 1 : colourLimit(session) };
}

/* Pairs that are kept, as squares large enough to be seen where a cell of the map is not. */
function marksOf(pairs, n, ids, map, scale) {
  const size = Math.max(LEAST_MARK, MAP_PIXELS / n);
  return {
    type: 'scatter', mode: 'markers', x: pairs.map((p) => p.x), y: pairs.map((p) => p.y), showlegend: false,
    marker: { symbol: 'square', size, opacity: 1, color: pairs.map((p) => p.value), cmin: -map.limit, cmax: map.limit, colorscale: scale, line: { width: 1, color: colour('muted') } },
    customdata: pairs.map((p) => [ids[p.x], ids[p.y], p.value]), hovertemplate: `from %{customdata[0]} to %{customdata[1]}<br>${map.name} = %{customdata[2]:.4f}<extra></extra>`,
  };
}

function drawConnectivity(session) {
  const key = byId('connectivity-order').value, n = session.n, slider = byId('connectivity-lag');
  const rate = Number(byId('connectivity-fdr').value), share = SHARES[Number(byId('connectivity-share').value)];
  slider.disabled = rate > 0; // which lag 0 alone was tested for
  const tau = rate > 0 ? 0 : Number(slider.value);
  const order = orderOf(session, key), map = mapOf(session, tau, share, rate), pairs = [];
  let shown = 0;
  const z = order.map((i, y) => {
    const row = map.matrix[i], out = new Float32Array(n);
    for (let x = 0; x < n; x++) {
      const j = order[x], keep = map.everything || map.keep(i, j);
      shown += keep && i !== j;
      if (keep && !map.everything && shown <= MOST_MARKS) pairs.push({ x, y, value: row[j] });
      out[x] = keep ? row[j] : NaN;
    }
    return out;
  });
  const ids = order.map((i) => session.neurons.id[i]);
  const wide = !narrow('fig-connectivity'); // else the scale goes above the map
  const marks = groupMarks(session, key, order) || [];
  const border = { color: colour('muted'), width: 1 };
  const shapes = marks.slice(1).flatMap((m) => [
    { type: 'line', x0: m.start - 0.5, x1: m.start - 0.5, y0: -0.5, y1: n - 0.5, line: border },
    { type: 'line', y0: m.start - 0.5, y1: m.start - 0.5, x0: -0.5, x1: n - 0.5, line: border },
  ]);
  const { clientWidth: width, clientHeight: height } = byId('fig-connectivity');
  const groups = marks.length ? groupTicks(marks, n, Math.min(width - (wide ? 220 : 110), height - 130)) : null;
  const ticks = groups ? groups.ticks : neuronTicks(session, order), scale = signedScale();
  const few = !map.everything && shown <= MOST_MARKS && MAP_PIXELS / n < LEAST_MARK;
  draw('fig-connectivity', [{
    type: 'heatmap', z, zmin: -map.limit, zmax: map.limit, colorscale: scale, zsmooth: n > 300 && !few ? 'fast' : false,
    hoverongaps: false, customdata: Array(n).fill(ids), text: ids.map((id) => Array(n).fill(id)),
    colorbar: {
      title: { text: wide ? `${map.name} (standard deviations per standard deviation)` : `${map.name} (s.d. per s.d.)`, side: wide ? 'right' : 'top' }, outlinewidth: 0, thickness: 14,
      ...(wide ? {} : { orientation: 'h', y: 1, yanchor: 'bottom', nticks: 5 }),
    },
    hovertemplate: `from %{customdata} to %{text}<br>${map.name} = %{z:.4f}<extra></extra>`,
  }, ...(few ? [marksOf(pairs, n, ids, map, scale)] : [])], {
    xaxis: axis('sender', { tickangle: -90, ...ticks, ...(groups ? groups.below : {}), showgrid: false, constrain: 'domain', range: [-0.5, n - 0.5] }),
    yaxis: axis('receiver', { ...ticks, showgrid: false, range: [n - 0.5, -0.5], scaleanchor: 'x', constrain: 'domain' }),
    shapes, plot_bgcolor: colour('middle'), height, hovermode: 'closest',
  }, `Effective connectivity of ${n} neurons at lag ${tau}, ordered by ${byId('connectivity-order').selectedOptions[0].text}.`);
  byId('connectivity-lag-value').textContent = rate > 0 ? '0 (no other was tested)' : tau === 0 ? '0 (the next frame)' : `${tau} (${figures(tau / session.recording.rate_hz)} s)`;
  byId('connectivity-share-value').textContent = share === 1 ? 'all' : percent(share);
  byId('connectivity-fdr-value').textContent = rateAt(session, rate);
  byId('connectivity-note').textContent = `${whole(shown)} of ${whole(n * (n - 1))} ordered pairs drawn.` +
    (map.name === 'estimate' ? ' Coloured by the estimate that was tested, which is not C here (see “Which edges to believe”).' : '') +
    (few && shown ? ' Squares are larger than a pair’s place in the map, so that they can be seen.' : '') +
    (n < session.recording.neurons ? ` The ${whole(n)} neurons with the strongest connections of ${whole(session.recording.neurons)} are shown.` : '') +
    ` Lag: how many frames before the last known one the sender was active. Order: ${ids.length > 1 ? ORDER_NOTES[key] || 'by group, and within a group by like connections' : ''}.` +
    (groups && !groups.all ? ' The smallest groups have no room for their names.' : '');
}

function tellEvidence(session) {
  byId('edges-found').textContent = session.edges ? foundWords(session.edges) : UNTESTED;
  byId('edges-notes').hidden = !session.edges || !session.edges.notes.length;
  fillList('edges-notes', session.edges ? session.edges.notes.map((note) => `${note[0].toUpperCase()}${note.slice(1)}.`) : []);
}
const ORDER_NOTES = { index: 'as in the recording', cluster: 'neurons with like connections stand side by side (average linkage)' };

/* ---- graph ---- */

/* What the edges of the graph are drawn by at a place of its slider: estimates where these were tested and C is of something else. */
const drawnBy = (session, place) => (place > 0 && session.estimate() ? 'estimate' : 'C(0)');

/* What edges are drawn by at a place of the slider, and whether the one to i from j is found there. */
function edgesOf(session, place) {
  const matrix = drawnBy(session, place) === 'estimate' ? session.estimate() : connectivityAt(session, 0);
  return { matrix, drawn: foundAt(session, place) };
}

/* Edges that can be drawn, and those found that are 0 in the model. */
function countEdges({ n }, { matrix, drawn }) {
  let all = 0, zero = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const found = i !== j && drawn(i, j);
      all += found && matrix[i][j] !== 0;
      zero += found && matrix[i][j] === 0;
    }
  return { all, zero };
}

/* The strongest edges that are found: [{from, to, value}], strongest first. */
function strongestEdges(session, count, place, { matrix, drawn } = edgesOf(session, place)) {
  const n = session.n;
  const found = [];
  let least = 0;
  const prune = () => {
    found.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.to - b.to || a.from - b.from);
    found.length = Math.min(found.length, count);
    if (found.length && found.length === count) least = Math.abs(found[count - 1].value);
  };
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const value = matrix[i][j];
      if (i === j || value === 0 || Math.abs(value) < least || !drawn(i, j)) continue;
      found.push({ from: j, to: i, value });
      if (found.length > 4 * count) prune();
    }
  prune();
  return found;
}

function ring(order) {
  const x = [], y = [];
  order.forEach((i, place) => {
    const angle = (2 * Math.PI * place) / order.length;
    x[i] = Math.sin(angle), y[i] = Math.cos(angle);
  });
  return { x, y };
}

/* Fruchterman and Reingold (1991) from a ring, so the same every time. */
function springs(nodes, edges) {
  const start = ring(nodes.map((_, k) => k)), place = new Map(nodes.map((i, k) => [i, k]));
  const { x, y } = start, n = nodes.length, ideal = 1.6 / Math.sqrt(n);
  for (let step = 0; step < 300; step++) {
    const fx = new Float64Array(n), fy = new Float64Array(n), heat = 0.1 * (1 - step / 300);
    const pull = (a, b, strength) => {
      const dx = x[a] - x[b], dy = y[a] - y[b], d = Math.hypot(dx, dy) || 1e-6, f = strength(d) / d;
      fx[a] += dx * f, fy[a] += dy * f, fx[b] -= dx * f, fy[b] -= dy * f;
    };
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < a; b++) pull(a, b, (d) => (ideal * ideal) / d);
      fx[a] -= x[a] * 1.5, fy[a] -= y[a] * 1.5;
    }
    edges.forEach((e) => pull(place.get(e.from), place.get(e.to), (d) => -(d * d) / ideal));
    for (let a = 0; a < n; a++) {
      const f = Math.hypot(fx[a], fy[a]) || 1e-6, move = Math.min(f, heat) / f;
      x[a] += fx[a] * move, y[a] += fy[a] * move;
    }
  }
  const all = { x: [], y: [] };
  nodes.forEach((i, k) => (all.x[i] = x[k], all.y[i] = y[k]));
  return all;
}

function nodePlaces(session, choice, nodes, edges) {
  if (choice === 'position') return { x: session.neurons.position.map((p) => p[0]), y: session.neurons.position.map((p) => p[1]) };
  if (choice === 'springs') return springs(nodes, edges);
  const order = orderOf(session, choice), kept = new Set(nodes);
  return ring(order.filter((i) => kept.has(i)));
}

/* Where the nodes lie, with room around a few; and pixels for a unit of each axis. equal: one scale for both. */
function frameOf(at, nodes, width, height, equal) {
  const room = nodes.length < 6 ? 0.8 : 0.1;
  const range = (values) => {
    const some = nodes.map((i) => values[i]).filter(Number.isFinite);
    if (!some.length) return [-1, 1];
    const low = Math.min(...some), high = Math.max(...some);
    return [low - room * (high - low || 1), high + room * (high - low || 1)];
  };
  const x = range(at.x), y = range(at.y), sx = width / (x[1] - x[0]), sy = height / (y[1] - y[0]);
  return { x, y, sx: equal ? Math.min(sx, sy) : sx, sy: equal ? Math.min(sx, sy) : sy };
}

/* From dot to dot in data units: it ends at the rim of the dot it points at, and keeps right of one that comes back. */
function spanOf({ from, to }, at, frame, size, returns) {
  const dx = (at.x[to] - at.x[from]) * frame.sx, dy = (at.y[to] - at.y[from]) * frame.sy, length = Math.hypot(dx, dy) || 1;
  const aside = returns ? 4 : 0, ex = (aside * dy) / length / frame.sx, ey = (-aside * dx) / length / frame.sy;
  const short = Math.max(0, 1 - (size[to] / 2 + 2) / length);
  const x = at.x[from] + ex, y = at.y[from] + ey;
  return { x: [x, x + (dx / frame.sx) * short], y: [y, y + (dy / frame.sy) * short] };
}

/* Arrows of one sign and width. */
function arrows(edges, spans, sign, width, name) {
  const shade = colour(sign > 0 ? 'positive' : 'negative'), join = (axis) => edges.flatMap((e) => [...spans.get(e)[axis], null]);
  return {
    type: 'scatter', mode: 'lines+markers', x: join('x'), y: join('y'), name, legendgroup: name, hoverinfo: 'skip', opacity: 0.85,
    line: { color: shade, width, dash: sign > 0 ? 'solid' : 'dash' },
    marker: { symbol: 'arrow', angleref: 'previous', size: edges.flatMap(() => [0, 6 + 2 * width, 0]), color: shade, opacity: 1, line: { width: 0 } },
  };
}

/* Arrows in three widths, with one entry of the legend for each sign. */
function arrowTraces(edges, spans) {
  const strongest = Math.abs(edges[0].value), WIDTHS = [1, 2.2, 4];
  const widthOf = (e) => Math.min(2, Math.floor((3 * Math.abs(e.value)) / strongest));
  return [1, -1].flatMap((sign) => {
    const signed = WIDTHS.map((width, k) => [width, edges.filter((e) => Math.sign(e.value) === sign && widthOf(e) === k)]).filter(([, some]) => some.length);
    return signed.map(([width, some], k) => ({ ...arrows(some, spans, sign, width, sign > 0 ? 'rises' : 'falls'), showlegend: k === 0 }));
  });
}

const LABEL_SIDES = [['top', 'center'], ['bottom', 'center'], ['middle', 'right'], ['middle', 'left'], ['top', 'right'], ['top', 'left'], ['bottom', 'right'], ['bottom', 'left']];

/* The side of each dot on which its label meets the fewest dots, labels and arrows; in pixels. */
function labelSides(session, nodes, at, frame, size, spans) {
  const px = (x) => x * frame.sx, py = (y) => -y * frame.sy, steps = Array.from({ length: 30 }, (_, k) => (k + 0.5) / 30);
  const ink = [...spans.values()].flatMap(({ x, y }) => steps.map((s) => [px(x[0] + s * (x[1] - x[0])), py(y[0] + s * (y[1] - y[0]))]));
  const placed = [], sides = [];
  for (const i of nodes) {
    const half = 3.6 * session.neurons.id[i].length + 2, away = size[i] / 1.6 + 1;
    const boxes = LABEL_SIDES.map(([v, h]) => {
      const x = px(at.x[i]) + (h === 'right' ? away + half : h === 'left' ? -away - half : 0);
      const y = py(at.y[i]) + (v === 'bottom' ? away + 7 : v === 'top' ? -away - 7 : 0);
      return { left: x - half, right: x + half, top: y - 7, bottom: y + 7 };
    });
    const cost = boxes.map((box, k) => {
      const holds = (x, y, r) => x + r > box.left && x - r < box.right && y + r > box.top && y - r < box.bottom;
      const dots = nodes.filter((j) => j !== i && holds(px(at.x[j]), py(at.y[j]), size[j] / 2)).length;
      const labels = placed.filter((b) => b.left < box.right && b.right > box.left && b.top < box.bottom && b.bottom > box.top).length;
      return 30 * (dots + labels) + ink.filter(([x, y]) => holds(x, y, 1)).length + 0.1 * k;
    });
    const best = cost.indexOf(Math.min(...cost));
    placed.push(boxes[best]);
    sides[i] = LABEL_SIDES[best].join(' ');
  }
  return sides;
}

/* Ids beside the dots; what is known of a neuron stays with the pointer. */
function label(session, points, sides) {
  points.mode = 'markers+text';
  points.hovertext = points.text;
  points.text = points.places.map((i) => session.neurons.id[i]);
  points.hovertemplate = '%{hovertext}<extra></extra>';
  points.textposition = points.places.map((i) => sides[i]);
  points.textfont = { size: 12, color: colour('ink') };
  points.cliponaxis = false;
}

/* The slider goes as far as there are edges; what was asked for is drawn again when there are. */
function fitCount(all) {
  const slider = byId('graph-count');
  slider.max = Math.max(1, Math.min(200, all));
  slider.value = slider.dataset.wish;
  slider.disabled = all < 2;
  const count = Math.min(Number(slider.value), all);
  byId('graph-count-value').textContent = `${count} of ${whole(all)}`;
  return count;
}

function drawGraph(session) {
  const rate = Number(byId('graph-fdr').value), id = 'fig-graph', div = byId(id);
  const choice = edgesOf(session, rate), { all, zero } = countEdges(session, choice);
  const edges = strongestEdges(session, fitCount(all), rate, choice);
  const nodes = [...new Set(edges.flatMap((e) => [e.from, e.to]))].sort((a, b) => a - b);
  byId('graph-fdr-value').textContent = rateAt(session, rate);
  byId('graph-rule').textContent = ruleWords(session, rate);
  byId('graph-note').textContent = graphWords(session, edges, nodes, rate, zero);
  div.hidden = !edges.length;
  if (!edges.length) return;
  const layoutChoice = byId('graph-layout').value, equal = layoutChoice !== 'springs';
  const at = nodePlaces(session, layoutChoice, nodes, edges);
  div.style.height = `${Math.min(narrow(id) ? 480 : 680, 190 + 45 * nodes.length)}px`;
  const frame = frameOf(at, nodes, div.clientWidth - 40, div.clientHeight - 70, equal);
  const sent = new Float64Array(session.n);
  edges.forEach((e) => (sent[e.from] += Math.abs(e.value)));
  const most = Math.max(...sent) || 1;
  const size = Array.from(sent, (value) => 9 + 15 * Math.sqrt(value / most));
  const pairs = new Set(edges.map((e) => `${e.from} ${e.to}`));
  const spans = new Map(edges.map((e) => [e, spanOf(e, at, frame, size, pairs.has(`${e.to} ${e.from}`))]));
  const points = pointsBy(session, byId('graph-colour').value, at.x, at.y, size, nodes);
  if (nodes.length <= 60) {
    const sides = labelSides(session, nodes, at, frame, size, spans);
    points.forEach((p) => label(session, p, sides));
  }
  const plain = { visible: false, showgrid: false };
  draw(id, [...arrowTraces(edges, spans), ...points], {
    xaxis: { ...plain, range: frame.x }, yaxis: { ...plain, range: frame.y, ...(equal ? { scaleanchor: 'x' } : {}) },
    hovermode: 'closest', margin: { l: 20, r: 20, t: 50, b: 20 }, height: div.clientHeight, ...legendOf(id, points),
  }, `The ${edges.length} strongest edges between ${nodes.length} neurons.`);
}

/* What decides whether an edge is drawn. */
function ruleWords(session, rate) {
  if (!session.edges) return UNTESTED;
  if (rate === 0) return 'The strongest connections of the model are drawn, whether significant or not.';
  return `Only significant edges are drawn: at a false discovery rate of ${rateAt(session, rate)}, ${percent(session.edges.levels[rate - 1].fdr)} of those found are expected to be false.`;
}

function graphWords(session, edges, nodes, rate, zero) {
  const bare = rate > 0 && zero ? `${plural(zero, 'edge')} that the tests find ${zero === 1 ? 'has' : 'have'} a C of 0 in the model, and no arrow.` : '';
  if (!edges.length) return bare || (rate > 0 ? NOTHING_FOUND : 'No edge differs from zero.');
  const least = figures(Math.abs(edges[edges.length - 1].value)), most = figures(Math.abs(edges[0].value));
  const doubt = session.edges && session.edges.notes.length ? ' What speaks against them is said under “Which edges to believe”, above.' : '';
  return `${plural(edges.length, 'edge')} between ${plural(nodes.length, 'neuron')}, of ${whole(session.n)}. The absolute value of ${drawnBy(session, rate) === 'estimate' ? 'the estimate' : 'C(0)'} ${least === most ? `is ${most}` : `runs from ${least} to ${most}`}.${doubt} ${bare}`;
}
const NOTHING_FOUND = 'No edge is significant at this false discovery rate.';

function listSurest(session) {
  const top = session.edges ? session.edges.top : [];
  byId('surest-block').hidden = !top.length;
  if (session.edges) byId('surest-unit').textContent = `Estimates in ${session.edges.unit}.`;
  const number = (x) => ({ text: decimals(x) }), small = (x) => ({ text: figures(x, 2) });
  fillTable('surest', ['from', 'to', ...['estimate', '95 % interval', 'p', 'q', 'C'].map((text) => ({ text }))], top.map((e) => [
    e.presynaptic, e.postsynaptic, number(e.estimate), { text: `${decimals(e.low)} to ${decimals(e.high)}` }, small(e.p), small(e.q), number(e.c),
  ]));
}

/* ---- virtual stimulation ---- */

/* Places of the neurons by the size of their mean response, the stimulated one left out. */
function responders(mean, stimulated) {
  const total = mean[0].map((_, i) => mean.reduce((sum, row) => sum + row[i], 0) / mean.length);
  const order = Array.from(total, (_, i) => i).filter((i) => i !== stimulated);
  return { total, order: order.sort((a, b) => Math.abs(total[b]) - Math.abs(total[a]) || a - b) };
}

/* The mean as a line, in the band of its 95 % interval. */
function responseLines(session, response, i, k, steps) {
  const shade = GROUP_COLOURS[k], at = (rows) => rows.map((row) => row[i]);
  const low = at(response.low), high = at(response.high), band = low.every(Number.isFinite);
  const name = session.neurons.id[i];
  const line = {
    type: 'scatter', mode: 'lines', x: steps, y: at(response.mean), name, legendgroup: name,
    line: { color: shade, width: 2.2, dash: ['solid', 'dash', 'dot'][k % 3] }, hovertemplate: `%{y:.4f} after %{x} frames<extra>${nameOf(session, i)}</extra>`,
  };
  return [...(band ? [{
    type: 'scatter', mode: 'lines', x: [...steps, ...[...steps].reverse()], y: [...low, ...high.reverse()], fill: 'toself', fillcolor: `${shade}33`,
    line: { width: 0 }, hoverinfo: 'skip', showlegend: false, legendgroup: name,
  }] : []), line];
}

function drawStimulation(session) {
  const { sender, steps: count, states } = session.stimulation;
  const m = Number(byId('stimulation-neuron').value), stimulated = sender[m];
  const response = responseOf(session, m), steps = Array.from({ length: count }, (_, k) => k + 1);
  const { total, order } = responders(response.mean, stimulated);
  const key = byId('stimulation-order').value;
  const rows = key === 'response' ? [...order].sort((a, b) => total[b] - total[a]) : orderOf(session, key).filter((i) => i !== stimulated);
  const limit = Math.max(...rows.flatMap((i) => response.mean.map((row) => Math.abs(row[i])))) || 1;
  const step = Math.max(1, Math.ceil(rows.length / 25));
  const places = rows.map((_, k) => k).filter((k) => k % step === 0);
  const strongest = order.slice(0, 6), wide = !narrow('fig-stimulation'), unit = wide ? 'response (standard deviations)' : 'response (s.d.)';
  byId('fig-stimulation').style.height = wide ? '' : '760px';
  draw('fig-stimulation', [
    ...strongest.flatMap((i, k) => responseLines(session, response, i, k, steps)),
    {
      type: 'heatmap', x: steps, z: rows.map((i) => response.mean.map((row) => row[i])), xaxis: 'x2', yaxis: 'y2', zmin: -limit, zmax: limit, colorscale: signedScale(),
      customdata: rows.map((i) => steps.map(() => nameOf(session, i))), hovertemplate: '%{customdata}<br>%{z:.4f} after %{x} frames<extra></extra>',
      colorbar: { title: { text: unit, side: 'right' }, outlinewidth: 0, thickness: 14, ...(wide ? {} : { len: 0.52, y: 0.26 }) },
    },
  ], {
    xaxis: axis(wide ? 'frames after the pulse' : '', { domain: wide ? [0, 0.4] : [0, 1], rangemode: 'tozero' }),
    yaxis: axis(unit, { domain: wide ? [0, 1] : [0.6, 1], rangemode: 'tozero', zeroline: true, zerolinecolor: colour('muted') }),
    xaxis2: axis('frames after the pulse', { domain: wide ? [0.57, 1] : [0, 1], anchor: 'y2', showgrid: false }),
    yaxis2: axis('', { domain: wide ? [0, 1] : [0, 0.52], anchor: 'x2', autorange: 'reversed', showgrid: false, tickvals: places, ticktext: places.map((k) => session.neurons.id[rows[k]]) }),
    margin: { l: 60, r: 20, t: 40, b: 50 },
  }, `Response to a pulse in ${nameOf(session, stimulated)}; strongest in ${strongest.map((i) => nameOf(session, i)).join(', ')}.`);
  byId('stimulation-note').textContent = `${wide ? 'Left' : 'Above'}: the ${strongest.length} neurons that respond most, with 95 % intervals of the mean over ${plural(states, 'state')} of the test frames (synapsnet perturb takes up to 500: fewer here, for speed). ${wide ? 'Right' : 'Below'}: all neurons but the stimulated one.` +
    (sender.length < session.n ? ` The ${plural(sender.length, 'neuron')} that ${sender.length === 1 ? 'sends' : 'send'} most can be chosen; synapsnet perturb stimulates any.` : '');
}
