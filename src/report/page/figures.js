/* The figures but for those of the connectivity. Each takes the session that is shown. */

const byId = (id) => document.getElementById(id);

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function fillTable(id, head, rows) {
  const table = byId(id);
  const cell = (tag, content) => {
    const element = document.createElement(tag);
    element.textContent = typeof content === 'object' && content ? content.text : content;
    if (typeof content === 'object' && content) {
      element.className = 'number';
      if (content.title) element.title = content.title;
    }
    return element;
  };
  const line = (cells, tag, chosen) => {
    const tr = document.createElement('tr');
    if (chosen) tr.className = 'chosen';
    cells.forEach((content, k) => tr.append(cell(k === 0 ? 'th' : tag, content)));
    return tr;
  };
  if (head) table.tHead.replaceChildren(line(head, 'th'));
  table.tBodies[0].replaceChildren(...rows.map((row) => line(row.cells || row, 'td', row.chosen)));
}

function fillList(id, texts) {
  byId(id).replaceChildren(...texts.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
}

function fillChoice(id, choices, selected) {
  byId(id).replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === selected)));
}

/* ---- models compared ---- */

const MODEL_COLOURS = { SynapsNet: 'synapsnet', 'copy-last': 'copy-last', mean: 'mean', 'no connectivity': 'none' };
const modelColour = (name) => colour(MODEL_COLOURS[name] || 'other');

/* [{name, metrics, interval}], best first, of one recording's scores or of all together. What the fit measured without
 * connectivity stands in where the evaluation has none: the same test frames, unless another recording was given. */
function models(scores = report.evaluation) {
  const { test, baselines, intervals = {} } = scores;
  const place = report.evaluation.sessions.indexOf(scores);
  const fitted = (place < 0 ? report.fit : (report.fit.sessions || [])[place]) || {};
  const rows = Object.entries(baselines).map(([name, metrics]) => ({
    name, metrics, interval: intervals[`mse ${name} - synapsnet`],
  }));
  const without = (fitted.baselines || {})['no connectivity'];
  const sameFrames = fitted.test && Math.abs(fitted.test.mse - test.mse) < 1e-6 * test.mse;
  if (without && sameFrames && !baselines['no connectivity'])
    rows.push({ name: 'no connectivity', metrics: without, interval: (fitted.intervals || {})['mse no connectivity - synapsnet'] ?? (fitted.connectivity || {}).mse_without_minus_with });
  rows.push({ name: 'SynapsNet', metrics: test });
  return rows.sort((a, b) => a.metrics.mse - b.metrics.mse);
}

const METRICS = [
  ['mse', 'Mean squared error, in units of each neuron’s variance in the training frames. 0 is perfect.'],
  ['mae', 'Mean absolute error, in standard deviations.'],
  ['skill', 'Share of the squared error of copy-last that is gone: 0 is no better than repeating the last value, 1 is perfect.'],
  ['r2', 'Share of a neuron’s variance in these frames that is explained, mean over neurons: 1 is perfect, 0 is as good as their mean; below 0 is worse.'],
  ['neuron_r', 'Correlation over time of prediction and recording, mean over neurons. Slow signals have a high one with any model.'],
  ['delta_r', 'The same of the changes from one frame to the next, which slow signals do not help.'],
  ['population_r', 'Correlation over time of the sum of all neurons.'],
  ['spatial_r', 'Correlation over neurons within a frame, mean over frames.'],
  ['bits_per_spike', 'Information about the spikes beyond what each neuron’s mean rate tells, by the Poisson likelihood. 0 is no better than that rate.'],
];
const breakable = (name) => name.replaceAll('_', '_\u200b');

/* Gains that far exceed the least would press it into a dot: these are told by their numbers. */
const FAR = 12;
function gainsInScale(known, mse) {
  const extent = ({ interval: { mean, low, high } }) => Math.max(...[mean, low ?? mean, high ?? mean].map(Math.abs));
  const least = Math.max(1e-3 * mse, Math.min(...known.map(extent)));
  return known.filter((row) => extent(row) <= FAR * least);
}

/* An arrow at the end of the scale for each gain beyond it, with its number and, where there is room, interval. */
function gainsBeyond(rows, range, short) {
  const words = ({ interval: { mean, low, high } }) => figures(mean) + (Number.isFinite(low) ? ` (${figures(low)} to ${figures(high)})` : '');
  const right = rows.map((row) => row.interval.mean > 0);
  return {
    type: 'scatter', mode: 'markers+text', x: right.map((is) => range[is ? 1 : 0]), y: rows.map((row) => row.name), xaxis: 'x2', cliponaxis: false,
    marker: { size: 11, symbol: right.map((is) => (is ? 'triangle-right' : 'triangle-left')), color: rows.map((row) => modelColour(row.name)) },
    text: short ? rows.map((row) => figures(row.interval.mean)) : rows.map(words), hovertext: rows.map(words),
    textposition: right.map((is) => (is ? 'middle left' : 'middle right')), customdata: rows.map((row) => row.interval.mean),
    hovertemplate: '%{y}: %{hovertext}<extra></extra>',
  };
}

function drawBaselines() {
  const all = sessions.length === 1 || byId('baselines-of').value === 'all';
  const rows = models(all ? report.evaluation : session.scores);
  byId('without-words').hidden = !rows.some((row) => row.name === 'no connectivity');
  const names = rows.map((row) => row.name), short = narrow('fig-baselines');
  const dots = {
    type: 'scatter', mode: 'markers+text', x: rows.map((row) => row.metrics.mse), y: names, xaxis: 'x',
    marker: { size: 13, color: names.map(modelColour) }, text: rows.map((row) => figures(row.metrics.mse)),
    textposition: 'top center', cliponaxis: false, hovertemplate: '%{y}: %{x:.4f}<extra></extra>',
  };
  const measured = rows.filter((row) => row.interval && Number.isFinite(row.interval.mean));
  const known = gainsInScale(measured, rows.find((row) => row.name === 'SynapsNet').metrics.mse);
  const beyond = measured.filter((row) => !known.includes(row));
  const ends = [0, ...known.flatMap(({ interval: { mean, low, high } }) => [mean, low ?? mean, high ?? mean])];
  const low = Math.min(...ends), high = Math.max(...ends), room = 0.08 * (high - low) || 1;
  const range = [low - room, high + room];
  const gains = {
    type: 'scatter', mode: 'markers', x: known.map((row) => row.interval.mean), y: known.map((row) => row.name),
    xaxis: 'x2', marker: { size: 8, color: known.map((row) => modelColour(row.name)) },
    error_x: {
      type: 'data', symmetric: false, color: colour('ink'), thickness: 1.5, width: 6,
      array: known.map(({ interval }) => (interval.high ?? interval.mean) - interval.mean),
      arrayminus: known.map(({ interval }) => interval.mean - (interval.low ?? interval.mean)),
    },
    customdata: known.map(({ interval }) => [figures(interval.low), figures(interval.high)]),
    hovertemplate: '%{y}: %{x:.4f}, 95 % interval %{customdata[0]} to %{customdata[1]}<extra></extra>',
  };
  byId('fig-baselines').style.height = `${110 + 45 * rows.length}px`;
  draw('fig-baselines', [dots, gains, ...(beyond.length ? [gainsBeyond(beyond, range, short)] : [])], {
    showlegend: false, height: 110 + 45 * rows.length, margin: { l: 20, r: 20, t: 25, b: 50 },
    xaxis: axis(short ? 'error' : 'mean squared error', { domain: [0, 0.47], rangemode: 'tozero' }),
    xaxis2: axis(short ? 'excess' : 'excess over SynapsNet', { domain: [0.55, 1], range, ...(short ? { nticks: 3 } : {}) }),
    yaxis: axis('', { categoryorder: 'array', categoryarray: [...names].reverse(), showgrid: true }),
    shapes: [{ type: 'line', xref: 'x2', yref: 'paper', x0: 0, x1: 0, y0: 0, y1: 1, line: { color: colour('muted'), dash: 'dot', width: 1.5 } }],
  }, `Test error of ${rows.map((row) => `${row.name} ${figures(row.metrics.mse)}`).join(', ')}.`);
  byId('baselines-note').textContent = (beyond.length ? 'Right: the scale is that of the smallest differences; an arrow stands for one beyond it, with its number. ' : '') +
    (all || rows.length === models().length ? '' : 'What was only scored over all recordings together is in their mean.');
  const shown = METRICS.filter(([name]) => rows.some((row) => Number.isFinite(row.metrics[name])));
  fillTable('metrics', ['model', ...shown.map(([name, title]) => ({ text: breakable(name), title }))], rows.map((row) => ({
    cells: [row.name, ...shown.map(([name]) => ({ text: decimals(row.metrics[name]) }))], chosen: row.name === 'SynapsNet',
  })));
  fillRecordings();
  byId('glossary').replaceChildren(...shown.flatMap(([name, words]) => [element('dt', name), element('dd', words)]));
}

/* The error of every model on every recording, side by side. */
function fillRecordings() {
  byId('by-recording-block').hidden = sessions.length === 1;
  if (sessions.length === 1) return;
  const names = models().map((row) => row.name);
  const cells = (scores) => {
    const mse = Object.fromEntries(models(scores).map((row) => [row.name, row.metrics.mse]));
    return [...names.map((name) => ({ text: decimals(mse[name]) })), ...['skill', 'neuron_r'].map((name) => ({ text: decimals(scores.test[name]) }))];
  };
  const about = ['skill', 'neuron_r'].map((name) => ({ text: breakable(name), title: `SynapsNet: ${METRICS.find(([metric]) => metric === name)[1]}` }));
  fillTable('by-recording', ['mean squared error', ...names.map((name) => ({ text: name, title: 'mean squared error' })), ...about, { text: 'frames', title: 'test frames' }], [
    ...sessions.map((s) => ({ cells: [s.title, ...cells(s.scores), { text: whole(s.scores.frames) }], chosen: s === session })),
    [`mean of ${sessions.length} recordings`, ...cells(report.evaluation), { text: '' }],
  ]);
}

/* ---- traces ---- */

/* Neurons from best to worst predicted, or as recorded. */
function traceOrder(session) {
  const places = Array.from({ length: session.n }, (_, i) => i);
  if (byId('traces-sort').value === 'index') return places;
  const r = session.neurons.r;
  return places.sort((a, b) => (r[b] ?? -2) - (r[a] ?? -2) || a - b);
}

function fillNeurons(session, selected) {
  const order = traceOrder(session);
  const chosen = selected ?? order[Math.floor(order.length / 2)];
  fillChoice('traces-neuron', order.map((i) => [String(i), `${session.neurons.id[i]}   r ${decimals(session.neurons.r[i], 2)}`]), String(chosen));
}

/* Values with a gap wherever a frame is missing or a segment ends. */
function withGaps(frame, values) {
  const out = [];
  for (let t = 0; t < values.length; t++) {
    if (t > 0 && frame[t] !== frame[t - 1] + 1) out.push(null);
    out.push(Number.isNaN(values[t]) ? null : values[t]);
  }
  return out;
}

/* The 95 % interval of a prediction: an outline for each run of frames without a gap. Counts have no negative values. */
function intervalBand(session, i, x, predicted) {
  const { lower, upper } = session.traces, least = session.recording.signal === 'counts' ? 0 : -Infinity;
  if (!Number.isFinite(lower[i]) || !Number.isFinite(upper[i])) return null;
  const band = { x: [], y: [] };
  for (let start = 0, t = 0; t <= predicted.length; t++) {
    if (t < predicted.length && predicted[t] !== null) continue;
    const times = x.slice(start, t), values = predicted.slice(start, t);
    if (values.length) {
      band.x.push(...times, ...times.reverse(), null);
      band.y.push(...values.map((value) => Math.max(least, value + upper[i])), ...values.map((value) => Math.max(least, value + lower[i])).reverse(), null);
    }
    start = t + 1;
  }
  return band;
}

/* Two or more round values within a range, for an axis of few pixels. */
function fewTicks(low, high) {
  const power = 10 ** Math.floor(Math.log10(high - low || 1));
  for (const step of [5, 2, 1, 0.5, 0.2, 0.1].map((share) => share * power)) {
    const first = Math.ceil(low / step - 1e-9), count = Math.floor(high / step + 1e-9) - first + 1;
    if (count >= 2) return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
  }
  return [low];
}

/* Frames to be seen at first; the strip below holds all. */
const FIRST_FRAMES = 300;

function drawTraces(session) {
  const { frame, time_s: time, test_frames: all } = session.traces;
  const select = byId('traces-neuron');
  const first = select.selectedIndex, count = Math.min(Number(byId('traces-count').value), session.n);
  const start = Math.max(0, Math.min(first, session.n - count));
  const neurons = Array.from({ length: count }, (_, k) => Number(select.options[start + k].value));
  const x = withGaps(frame, time), last = count - 1;
  const range = [time[0], time[Math.min(time.length, FIRST_FRAMES) - 1]];
  const traces = [], more = { height: 190 + 150 * count, annotations: [] };
  neurons.forEach((i, k) => {
    const place = k === last ? '' : k + 2; // the lowest has the axes without a number, and the strip
    const top = 1 - k / count, bottom = 1 - (k + 0.8) / count;
    const truth = withGaps(frame, session.truth()[i]), prediction = withGaps(frame, session.prediction()[i]);
    const band = intervalBand(session, i, x, prediction);
    const known = [...truth, ...prediction, ...(band ? band.y : [])].filter((value) => value !== null);
    const low = known.reduce((a, b) => Math.min(a, b), known[0] ?? 0), high = known.reduce((a, b) => Math.max(a, b), low), room = 0.04 * (high - low) || 1;
    more[`yaxis${place}`] = axis('', { domain: [bottom, top], range: [low - room, high + room], tickvals: fewTicks(low, high), anchor: `x${place}` });
    more[`xaxis${place}`] = place ? axis('', { matches: 'x', range, anchor: `y${place}`, showticklabels: false, ticks: '' })
      : axis(narrow('fig-traces') ? 'seconds from the start' : 'seconds from the start of the recording', { range, anchor: 'y', rangeslider: { visible: true, thickness: 0.1, bgcolor: colour('paper'), bordercolor: colour('line') } });
    more.annotations.push({
      text: `${nameOf(session, i)}, r = ${decimals(session.neurons.r[i], 2)}`, xref: 'paper', yref: 'paper', x: 0, y: top,
      xanchor: 'left', yanchor: 'bottom', showarrow: false, font: { size: 13, color: colour('muted') },
    });
    const common = { type: 'scatter', mode: 'lines', x, xaxis: `x${place}`, yaxis: `y${place}`, showlegend: k === 0 };
    if (band) traces.push({ ...common, ...band, name: '95 % interval', legendgroup: 'interval', fill: 'toself', fillcolor: `${colour('positive')}30`, line: { width: 0 }, hoverinfo: 'skip' });
    traces.push({ ...common, y: truth, name: 'recorded', legendgroup: 'truth', line: { color: colour('truth'), width: 1.3 } });
    traces.push({ ...common, y: prediction, name: 'predicted one frame ahead', legendgroup: 'prediction', line: { color: colour('positive'), width: 1.6 } });
  });
  more.legend = { orientation: 'h', x: 1, xanchor: 'right', y: narrow('fig-traces') ? 1.05 : 1.02, yanchor: 'bottom' };
  byId('fig-traces').style.height = `${more.height}px`;
  draw('fig-traces', traces, more, `Recorded and predicted activity of ${neurons.map((i) => nameOf(session, i)).join(', ')}.`);
  byId('traces-note').textContent = `Vertical: ${session.recording.unit}. r: correlation over all ${whole(all)} test frames of the recording` +
    (frame.length < all ? `, of which the first ${whole(frame.length)} are drawn.` : ', all of which are drawn.') + insideWords(session) + (count > 1 ? ' The strip shows the lowest of the neurons.' : '') + startWords(session);
}

/* Of the intervals one frame ahead, where there are any. */
function insideWords({ horizon }) {
  return Number.isFinite(horizon.one_step_coverage) ? ` The intervals come from the errors on validation frames; of all recorded test values ${percent(horizon.one_step_coverage)} lie inside.` : '';
}

/* Where the recording's clock does not begin with it. */
function startWords({ recording: { start_s: start } }) {
  return start ? ` The recording starts at ${start.toLocaleString('en', { maximumFractionDigits: 2 }).replace(/,/g, '\u202f')} s of its own clock.` : '';
}

function stepNeuron(session, by) {
  const select = byId('traces-neuron');
  select.selectedIndex = Math.max(0, Math.min(select.options.length - 1, select.selectedIndex + by));
  drawTraces(session);
}

/* ---- horizon and training ---- */

function drawHorizon(session) {
  const { steps, starts, ...by } = session.horizon;
  const ahead = Array.from({ length: steps }, (_, k) => k + 1);
  const line = (name, values, shade, dash) => ({
    type: 'scatter', mode: steps > 40 ? 'lines' : 'lines+markers', x: ahead, y: values, name,
    line: { color: colour(shade), width: 2.2, dash }, marker: { size: 6 },
    hovertemplate: `%{y:.4f} after %{x} frames<extra>${name}</extra>`,
  });
  draw('fig-horizon', [line('SynapsNet', by.mse, 'synapsnet'), line('copy-last', by.mse_copy_last, 'copy-last', 'dash'), line('mean', by.mse_mean, 'mean', 'dot')], {
    xaxis: axis(`frames ahead (one frame: ${figures(1 / session.recording.rate_hz)} s)`), yaxis: axis('mean squared error', { rangemode: 'tozero' }),
  }, `Error one to ${steps} frames ahead: SynapsNet ${figures(by.mse[0])} to ${figures(by.mse[steps - 1])}.`);
  byId('horizon-note').textContent = `Mean over ${plural(starts, 'start')} in the test frames and all neurons, in units of each neuron's variance.${coverageWords(by.coverage)}`;
}

/* What share of the recorded values the intervals held one, half as many and all steps ahead. */
function coverageWords(coverage) {
  const steps = [...new Set([0, Math.floor((coverage.length - 1) / 2), coverage.length - 1])].filter((k) => Number.isFinite(coverage[k]));
  if (!steps.length) return '';
  return ` Of the recorded values, the 95 % intervals of a forecast hold ${steps.map((k) => `${percent(coverage[k])} ${plural(k + 1, 'frame')} ahead`).join(', ')}.`;
}

function drawTraining() {
  const curve = report.fit.training_curve, candidates = report.fit.candidates || [];
  const epoch = curve.map((_, k) => k + 1), chosen = report.fit.chosen_candidate;
  const members = new Map((report.fit.connectivity.average_of || []).map((m) => [m.candidate, m.share]));
  const best = candidates[chosen].best_epoch, averaged = members.size; // best -1: the start
  const kept = best < 0 ? 'the weights that training started from were kept' : `epoch ${best + 1} was kept`;
  const line = (name, k, shade, dash) => ({
    type: 'scatter', mode: 'lines', name, x: epoch, y: curve.map((point) => point[k]), line: { color: colour(shade), width: 2, dash },
  });
  draw('fig-training', [line('train', 0, 'copy-last', 'dot'), line('validation', 1, 'synapsnet'), {
    type: 'scatter', mode: 'markers', name: best < 0 ? 'kept: the start' : `kept: epoch ${best + 1}`, x: [best + 1], y: [candidates[chosen].validation_loss],
    marker: { size: 11, symbol: 'circle-open', line: { width: 2.5 }, color: colour('ink') },
  }], { xaxis: axis('epoch'), yaxis: axis('loss per observed value') },
  `Training and validation loss over ${curve.length} epochs${averaged ? ' of the best candidate' : ''}; ${kept}.${averaged ? ` The model is an average of ${averaged} candidates.` : ''}`);
  const share = (name) => (averaged ? [{ text: name === null ? 'share' : members.has(name) ? percent(members.get(name)) : '' }] : []);
  fillTable('candidates', ['candidate', { text: 'validation loss' }, { text: 'best epoch' }, { text: 'epochs' }, ...share(null)], candidates.map((c, k) => ({
    cells: [c.passed_over ? `${c.candidate} (passed over: not clearly ahead)` : c.candidate, { text: figures(c.validation_loss, 5) }, { text: c.best_epoch + 1 }, { text: c.epochs }, ...share(c.candidate)], chosen: k === chosen,
  })));
  byId('training-note').textContent = averaged
    ? `The curves are those of the best candidate. The model is an average of the weights of ${averaged} candidates, by the shares of the last column, which predicts the validation frames better than each of them alone; its connectivity is therefore dense.` : '';
}

/* ---- embedding ---- */

/* Traces of points of the neurons `shown`, coloured by a grouping, or by a number for which `scale` is given. x, y and size
 * (or one for all) are by neuron. */
function pointsBy(session, key, x, y, size, shown = Array.from({ length: session.n }, (_, i) => i)) {
  const edge = { width: 1, color: colour('muted') };
  const points = (places, marker) => {
    const pick = (values) => places.map((i) => values[i]);
    return {
      type: 'scatter', mode: 'markers', hovertemplate: '%{text}<extra></extra>', x: pick(x), y: pick(y), places, text: places.map((i) => nameOf(session, i)),
      marker: { size: Array.isArray(size) ? pick(size) : size, opacity: 1, line: edge, ...marker },
    };
  };
  const group = groupings(session).find((g) => g.key === key);
  if (!group) {
    const values = shown.map((i) => session.neurons.r[i] ?? NaN);
    return [{ ...points(shown, key === 'r' ? { color: values, colorscale: CIVIDIS, showscale: true, colorbar: { title: { text: 'r of the prediction', side: 'right' }, outlinewidth: 0, thickness: 14 } } : { color: colour('synapsnet') }), showlegend: false }];
  }
  const names = [...new Set(group.values)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return names.map((name, k) => ({
    ...points(shown.filter((i) => group.values[i] === name), { color: GROUP_COLOURS[k % GROUP_COLOURS.length], symbol: GROUP_SYMBOLS[Math.floor(k / GROUP_COLOURS.length) % GROUP_SYMBOLS.length] }),
    name: name || 'not known',
  })).filter((trace) => trace.places.length > 0);
}

/* More groups than colours and shapes tell apart at a glance: their names go beside the figure, as above it they would take its
 * place; on a telephone a touch names the group. */
const MANY_GROUPS = 16;
function legendOf(id, points) {
  if (points.length <= MANY_GROUPS) return {};
  return narrow(id) ? { showlegend: false } : { legend: { orientation: 'v', x: 1.02, xanchor: 'left', y: 1, yanchor: 'top' } };
}

const colourChoices = (session) => [...groupings(session).map((g) => [g.key, g.name]), ['r', 'how well predicted'], ['none', 'none']];

function drawEmbedding(session) {
  const { component, explained } = session.embedding;
  const [a, b] = byId('embedding-axes').value.split(',').map(Number);
  const title = (k) => `component ${k + 1} (${percent(explained[k])} of the variance)`;
  const points = pointsBy(session, byId('embedding-colour').value, component.map((p) => p[a]), component.map((p) => p[b]), 10);
  draw('fig-embedding', points, {
    xaxis: axis(title(a)), yaxis: axis(title(b)), hovermode: 'closest', ...legendOf('fig-embedding', points),
  }, `Embeddings of ${session.n} neurons, components ${a + 1} and ${b + 1}.`);
}
