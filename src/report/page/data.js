'use strict';
/* The data of the report, decoded. Shapes: n neurons shown, F frames of the traces, L lags beyond 0. */

const report = JSON.parse(document.getElementById('data').textContent);

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64); // browsers of 2025 and later, several times as fast
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return bytes;
}

/* Unpacks every array {type, shape, data} within a value of the report, in place: its bytes go beside it. */
async function unpack(value) {
  if (value === null || typeof value !== 'object' || (Array.isArray(value) && typeof value[0] !== 'object')) return;
  if (value.type && value.shape && typeof value.data === 'string') {
    const plain = new Blob([bytesOf(value.data)]).stream().pipeThrough(new DecompressionStream('deflate'));
    value.bytes = new Uint8Array(await new Response(plain).arrayBuffer());
    delete value.data;
  } else {
    await Promise.all(Object.values(value).map(unpack));
  }
}

/* Rows of whole numbers with a scale (and offset) each, as Float32Array; the least number stands for "not known". */
function rowsOf(array) {
  const [rows, columns] = array.shape;
  const Type = array.type === 'i8' ? Int8Array : Int16Array;
  const unknown = array.type === 'i8' ? -128 : -32768;
  const whole = new Type(array.bytes.buffer);
  return Array.from({ length: rows }, (_, r) => {
    const offset = array.offset ? array.offset[r] : 0;
    const row = new Float32Array(columns);
    for (let c = 0; c < columns; c++) {
      const q = whole[r * columns + c];
      row[c] = q === unknown ? NaN : offset + array.scale[r] * q;
    }
    return row;
  });
}

/* Decoded once, when first asked for. */
function lazily(make) {
  let value;
  return () => (value === undefined ? (value = make()) : value);
}

/* A name for each recording that no other has: its own, its path, or one with its number. */
function titles() {
  const name = report.sessions.map(({ recording }) => recording.name), path = report.sessions.map(({ recording }) => recording.path);
  const alone = (values, k) => values[k] && values.indexOf(values[k]) === values.lastIndexOf(values[k]);
  return name.map((own, k) => (alone(name, k) ? own : alone(path, k) ? path[k] : `${own} (${k + 1})`));
}

const sessions = report.sessions.map((s, k) => ({
  ...s,
  title: titles()[k],
  n: s.neurons.id.length,
  scores: report.evaluation.sessions[k],
  fit: (report.fit.recordings || [])[k] || {},
  c: lazily(() => rowsOf(s.connectivity.c)),
  estimate: lazily(() => (s.edges && s.edges.estimate ? rowsOf(s.edges.estimate) : null)), // of edges found, where C is of something else
  level: () => s.edges.level.bytes, // [n][n] how many of the rates in edges.levels find the edge
  truth: lazily(() => rowsOf(s.traces.truth)),
  prediction: lazily(() => rowsOf(s.traces.prediction)),
}));

/* What is known of the m-th neuron that was stimulated: rows of steps, columns of neurons. */
function responseOf(session, m) {
  const { mean, low, high } = session.stimulation.response[m];
  return { mean: rowsOf(mean), low: rowsOf(low), high: rowsOf(high) };
}

/* ---- numbers and words ---- */

function figures(x, digits = 3) {
  if (x === null || x === undefined || !Number.isFinite(x)) return '–';
  if (x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5)) return x.toExponential(digits - 1).replaceAll('-', '−');
  return Number(x.toPrecision(digits)).toString().replace('-', '−');
}
const decimals = (x, digits = 4) => (Number.isFinite(x) ? x.toFixed(digits).replace('-', '−') : '–');
const whole = (x) => Math.round(x).toLocaleString('en').replace(/,/g, '\u202f');
const percent = (x) => `${figures(100 * x, Math.abs(x) >= 1 ? 3 : 2)} %`;
const plural = (count, word) => `${whole(count)} ${word}${count === 1 ? '' : 's'}`;

/* "Neuron 12 (VISp, Pvalb)"; an id that begins with the word stands by itself. */
function nameOf(session, i) {
  const about = [session.neurons.region, session.neurons.cell_type].map((texts) => texts && texts[i]).filter(Boolean);
  const id = session.neurons.id[i];
  return `${/^neuron/i.test(id) ? id : `Neuron ${id}`}${about.length ? ` (${about.join(', ')})` : ''}`;
}

/* What neurons can be grouped by: {name, values [n]}. */
function groupings(session) {
  const found = [];
  if (session.neurons.region) found.push({ key: 'region', name: 'region', values: session.neurons.region });
  if (session.neurons.cell_type) found.push({ key: 'type', name: 'cell type', values: session.neurons.cell_type });
  return found;
}

/* Places of the neurons in an order: 'index', 'cluster', or the key of a grouping (within a group, by cluster). */
function orderOf(session, key) {
  const places = Array.from({ length: session.n }, (_, i) => i);
  if (key === 'index') return places;
  if (key === 'cluster') return session.connectivity.cluster_order;
  const group = groupings(session).find((g) => g.key === key).values;
  const rank = new Map(session.connectivity.cluster_order.map((i, place) => [i, place]));
  return places.sort((a, b) => group[a].localeCompare(group[b], 'en', { numeric: true }) || rank.get(a) - rank.get(b));
}
