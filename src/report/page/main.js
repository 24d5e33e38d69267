/* Puts the page together: which sections there are, their words and controls, and drawing them one after another. */

let session = sessions[0];

/* ---- words ---- */

/* What one recording's scores say, or those of all together. */
function gainWords(scores) {
  const lines = [];
  const against = (name, words) => {
    const { test } = scores, row = models(scores).find((m) => m.name === name);
    if (!row || !row.interval || !Number.isFinite(row.interval.mean)) return;
    const { mean, low, high } = row.interval, share = mean / (test.mse + mean);
    const sure = low > 0 ? 'a reliable gain' : high < 0 ? 'reliably worse' : 'which may be chance';
    lines.push(`${mean >= 0 ? `${percent(share)} less` : `${percent(-share)} more`} squared error than ${words}: ${sure} (difference ${figures(mean)}, 95 % interval ${figures(low)} to ${figures(high)}).`);
  };
  against('copy-last', 'repeating the last value');
  against('mean', 'the mean of each neuron');
  against('no connectivity', 'the same model without connections between neurons');
  return lines;
}

function verdict() {
  const about = (title, scores) => gainWords(scores).map((line) => `${title}: ${line}`);
  const lines = sessions.length === 1 ? gainWords(report.evaluation)
    : [...about('This recording', session.scores), ...about(`Mean over all ${sessions.length} recordings`, report.evaluation)];
  const { statement } = report.fit.connectivity || {};
  if (statement) lines.push(`${statement[0].toUpperCase()}${statement.slice(1)}.`);
  return lines;
}

const TILES = [
  ['skill', 'skill against copy-last', (x) => percent(x)], ['neuron_r', 'correlation, mean neuron', (x) => figures(x, 2)],
  ['mse', 'mean squared error', (x) => figures(x)], ['bits_per_spike', 'bits per spike', (x) => figures(x)],
];

function drawOverview() {
  const { test } = session.scores;
  fillList('verdict', verdict());
  const tiles = TILES.filter(([name]) => Number.isFinite(test[name])).map(([name, title, show]) => [title, show(test[name])]);
  tiles.push(['neurons', whole(session.recording.neurons)]);
  tiles.push(['test frames', whole(session.scores.frames)]);
  byId('tiles').replaceChildren(...tiles.map(([title, value]) => {
    const tile = document.createElement('div'), dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = title, dd.textContent = value;
    tile.append(dt, dd);
    return tile;
  }));
}

function splitWords(r, train, validation, test) {
  const own = session.fit.frames === r.frames, scored = session.scores.frames; // else another recording is shown
  const unused = own ? r.frames - train - validation - test : 0;
  return `${whole(train)} training, ${whole(validation)} validation and ${whole(test)} test frames, in this order` + (r.whole_trials ? ', by whole trials' : '') +
    (unused > 0 ? `. ${plural(unused, 'frame')} between them ${unused === 1 ? 'is' : 'are'} in none, so that no split is scored on what another has seen` : '') +
    (own && scored < test ? `. ${whole(scored)} of the test frames are predicted and scored: the first of a ${r.whole_trials ? 'trial' : 'segment'} has none before it` : '');
}

function drawRecording() {
  const r = session.recording, fit = session.fit, left = fit.left_out || [];
  const [train, validation, test] = fit.split_frames || [];
  const rows = [
    ['Recording', r.path || r.name],
    ['Signal', `${r.signal}, ${figures(r.rate_hz, 5)} frames per second`],
    ['Length', `${whole(r.frames)} frames, ${figures(r.frames / r.rate_hz / 60)} min` + (r.segments > 1 ? `, in ${plural(r.segments, r.whole_trials ? 'trial' : 'segment')}` : '')],
    ['Neurons', `${whole(r.neurons)} of ${whole(r.neurons_recorded)} used`],
    ['Left out', left.length ? `${left.slice(0, 40).join(', ')}${left.length > 40 ? `, and ${left.length - 40} more` : ''} (silent or constant in the training frames)` : 'none'],
    ['Not observed', r.missing > 0 ? `${percent(r.missing)} of all values; they are not scored and not trained on` : 'nothing is missing'],
    ['Behaviour', r.behaviors.length ? r.behaviors.join(', ') : 'none'],
  ];
  if (test !== undefined) rows.push(['Split', splitWords(r, train, validation, test)]);
  if (fit.baseline_alpha) rows.push(['Slow drift', `followed by a running mean over about ${whole(1 / fit.baseline_alpha)} frames, before the model`]);
  groupings(session).forEach((g) => {
    const counts = new Map();
    g.values.forEach((value) => counts.set(value, (counts.get(value) || 0) + 1));
    rows.push([g.name[0].toUpperCase() + g.name.slice(1), [...counts].map(([name, count]) => `${name || 'not known'} ${count}`).join(', ')]);
  });
  fillTable('facts', null, rows);
  const warnings = (report.fit.warnings || []).filter((text) => !sessions.some((other) => other !== session && other.recording.name !== r.name && text.startsWith(`${other.recording.name}: `)));
  byId('warnings-block').hidden = !warnings.length;
  fillList('warnings', warnings);
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);

function drawMethod() {
  const fit = report.fit, chosen = fit.connectivity || {};
  byId('command').textContent = report.command.map(quoted).join(' ');
  const averaged = (chosen.average_of || []).length;
  const form = Object.entries(chosen).filter(([name, value]) => name !== 'form' && typeof value === 'number').map(([name, value]) => `${name.replaceAll('_', ' ')} ${figures(value)}`);
  const correction = Object.entries(fit.correction ?? {}).filter(([, value]) => value > 0).map(([name, value]) => `${name} ${figures(value)}`);
  const rows = [
    ['Seed', fit.seed ?? report.options.seed ?? '0'],
    ['Options given', Object.entries(report.options).map(([name, value]) => `${name} = ${[].concat(value).join(', ')}`).join('; ') || 'none'],
    ['Loss', fit.loss ?? '–'],
    ['Connectivity', [chosen.form, ...form, averaged && `the weights averaged with those of ${plural(averaged - 1, 'other candidate')}`, chosen.chosen_by && `chosen by ${chosen.chosen_by}`].filter(Boolean).join(', ')],
    ['Decoder', `${fit.hidden} hidden units, embedding of ${fit.embedding}, windows of ${fit.window} frames`],
    ['Correction by recent errors', correction.join(', ') || 'none'],
    ['Training', `${plural(fit.epochs ?? 0, 'epoch')} in all, over ${plural((fit.candidates || []).length, 'candidate')}`],
    ['Version', `synapsnet ${report.library_version}`],
    ...report.build.trim().split('\n').map((line) => { const at = line.indexOf(': '); return [line.slice(0, at), line.slice(at + 2)]; }),
  ];
  fillTable('method-table', null, rows);
}

/* ---- sections ---- */

/* name: short, in the bar above. has: whether there is anything to show. set: fills the controls for a session. draw: words and figures. */
const SECTIONS = [
  { id: 'overview', name: 'In short', has: () => true, draw: drawOverview },
  { id: 'recording', name: 'Recording', has: () => true, draw: drawRecording },
  { id: 'baselines', name: 'Models', has: () => true, set: setBaselines, draw: drawBaselines },
  { id: 'traces', name: 'Activity', has: () => session.traces && session.traces.frame.length > 0, set: () => fillNeurons(session), draw: () => drawTraces(session) },
  { id: 'horizon', name: 'Horizon', has: () => session.horizon && session.horizon.steps > 0, draw: () => drawHorizon(session) },
  { id: 'training', name: 'Training', has: () => (report.fit.training_curve || []).length > 0, draw: drawTraining },
  { id: 'connectivity', name: 'Connectivity', has: () => hasEdges() || Boolean(session.estimate()), set: setConnectivity, draw: () => drawConnectivity(session) },
  { id: 'graph', name: 'Edges', has: () => hasEdges() || Boolean(session.estimate()), set: setGraph, draw: () => drawGraph(session) },
  { id: 'embedding', name: 'Embedding', has: () => Boolean(session.embedding), set: setEmbedding, draw: () => drawEmbedding(session) },
  { id: 'stimulation', name: 'Stimulation', has: () => Boolean(session.stimulation), set: setStimulation, draw: () => drawStimulation(session) },
  { id: 'method', name: 'Method', has: () => true, draw: drawMethod },
];

function hasEdges() {
  return session.c().some((row) => row.some((value) => value !== 0));
}

function setBaselines() {
  byId('baselines-controls').hidden = sessions.length === 1;
  fillChoice('baselines-of', [['this', 'this recording'], ['all', `all ${sessions.length} recordings, their mean`]], byId('baselines-of').value || 'this');
}

function setConnectivity() {
  fillChoice('connectivity-order', [['cluster', 'like connections'], ...groupings(session).map((g) => [g.key, g.name]), ['index', 'recording']], groupings(session).length ? groupings(session)[0].key : 'cluster');
  byId('connectivity-lag').max = session.connectivity.lags;
  byId('connectivity-lag').value = 0;
  byId('connectivity-share').max = SHARES.length - 1;
  byId('connectivity-share').value = 0;
  setRates('connectivity-fdr', hasEdges() ? 0 : usualPlace(session)); // a map of zeros shows nothing
  tellEvidence(session);
}

/* A slider of false discovery rates, where edges were tested. */
function setRates(id, place) {
  byId(`${id}-label`).hidden = !session.edges;
  byId(id).max = session.edges ? session.edges.levels.length : 0;
  byId(id).value = place;
}

/* The first thing that neurons are known by, if there is one, and colours can show it. */
const plainest = (s) => (groupings(s).find((g) => new Set(g.values).size <= MANY_GROUPS) || { key: 'none' }).key;

function setGraph() {
  const positions = session.neurons.position && session.neurons.position.some((p) => Number.isFinite(p[0]) && Number.isFinite(p[1]));
  fillChoice('graph-layout', [...(positions ? [['position', 'position']] : []), ['springs', 'springs'], ['cluster', 'ring, by like connections'], ...groupings(session).map((g) => [g.key, `ring, by ${g.name}`])], positions ? 'position' : 'springs');
  fillChoice('graph-colour', colourChoices(session), plainest(session));
  setRates('graph-fdr', usualPlace(session));
  byId('graph-count').dataset.wish = 50;
  listSurest(session);
}

function setEmbedding() {
  const dimensions = session.embedding.explained.length;
  fillChoice('embedding-colour', colourChoices(session), plainest(session));
  fillChoice('embedding-axes', [['0,1', '1 and 2'], ...(dimensions > 2 ? [['0,2', '1 and 3'], ['1,2', '2 and 3']] : [])], '0,1');
}

function setStimulation() {
  fillChoice('stimulation-neuron', session.stimulation.sender.map((i, m) => [String(m), nameOf(session, i)]), '0');
  fillChoice('stimulation-order', [['response', 'response'], ['cluster', 'like connections'], ...groupings(session).map((g) => [g.key, g.name]), ['index', 'recording']], 'response');
}

const visible = () => SECTIONS.filter((s) => !byId(s.id).hidden);

function showSections() {
  SECTIONS.forEach((s) => {
    byId(s.id).hidden = !s.has();
    if (!byId(s.id).hidden && s.set) s.set();
  });
  byId('contents').replaceChildren(...visible().map((s) => {
    const item = document.createElement('li'), link = document.createElement('a');
    link.href = `#${s.id}`, link.textContent = s.name;
    item.append(link);
    return item;
  }));
}

let waiting = []; // sections that are not drawn yet

/* One section after another, with the browser free in between: ten times a second, as it lays out the page anew each time. */
async function drawAll() {
  document.body.dataset.drawn = 'no';
  const mine = (waiting = visible());
  let since = performance.now();
  while (mine.length) {
    mine.shift().draw();
    if (performance.now() - since < 100) continue;
    await new Promise((resume) => setTimeout(resume));
    if (mine !== waiting) return; // begun anew
    since = performance.now();
  }
  document.body.dataset.drawn = 'yes';
}

/* ---- controls ---- */

function listen() {
  const on = (id, event, action) => byId(id).addEventListener(event, action);
  on('graph-count', 'input', ({ target }) => (target.dataset.wish = target.value)); // before it draws
  const redraw = { baselines: ['of'], traces: ['neuron', 'count'], connectivity: ['order', 'lag', 'share', 'fdr'], graph: ['fdr', 'count', 'layout', 'colour'], embedding: ['colour', 'axes'], stimulation: ['neuron', 'order'] };
  for (const [id, names] of Object.entries(redraw))
    for (const name of names) on(`${id}-${name}`, 'input', SECTIONS.find((s) => s.id === id).draw);
  on('traces-sort', 'input', () => { fillNeurons(session, Number(byId('traces-neuron').value)); drawTraces(session); });
  on('traces-previous', 'click', () => stepNeuron(session, -1));
  on('traces-next', 'click', () => stepNeuron(session, 1));
  on('session', 'input', () => { session = sessions[Number(byId('session').value)]; showSections(); drawAll(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  for (const [event, printing] of [['beforeprint', true], ['afterprint', false]])
    addEventListener(event, () => {
      document.documentElement.classList.toggle('print', printing);
      document.querySelectorAll('details').forEach((d) => { d.open = printing; });
      (matchMedia('(prefers-color-scheme: dark)').matches ? visible() : waiting.splice(0)).forEach((s) => s.draw());
    });
}

/* plotly.js lies compressed in the page. */
async function loadPlotly() {
  const packed = new Blob([bytesOf(byId('plotly').textContent.trim())]).stream();
  const script = document.createElement('script');
  script.text = await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).text();
  document.head.append(script);
}

function fail(error) {
  const note = document.createElement('p');
  note.className = 'problem';
  note.textContent = typeof DecompressionStream === 'undefined'
    ? 'This browser is too old to draw the figures: please open the page with one from 2023 or later.'
    : `The figures could not be drawn: ${error.message}`;
  document.querySelector('main').prepend(note);
}

async function start() {
  const names = sessions.map((s) => s.title);
  byId('title').textContent = names.length === 1 ? names[0] : `${names.length} recordings`;
  document.title = `${byId('title').textContent} – synapsnet`;
  byId('subtitle').textContent = 'Forecast and connectivity of a recorded population of neurons, by SynapsNet';
  byId('made-by').textContent = `Written by synapsnet ${report.library_version}. Figures drawn by plotly.js, which is part of this file, as are all data shown.`;
  byId('session-choice').hidden = names.length === 1;
  fillChoice('session', names.map((name, k) => [String(k), name]), '0');
  await Promise.all([unpack(report.sessions), loadPlotly()]);
  showSections();
  listen();
  await drawAll();
}

start().catch((error) => { fail(error); throw error; });
