/* Looks that all figures share, taken from the style sheet so that light, dark and print agree. */

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/* Okabe and Ito's palette for groups, then the same again. */
const GROUP_COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#8a8f98'];
const GROUP_SYMBOLS = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'star'];

/* One hue a side, light in the middle (dark on a dark page): signed values at a glance, whatever the colour vision. */
const signedScale = () => [[0, colour('negative')], [0.5, colour('middle')], [1, colour('positive')]];

/* Cividis (Nunez, Anderton, Renslow 2018), for values without a sign. */
const CIVIDIS = [[0, '#00224e'], [0.25, '#434e6c'], [0.5, '#7d7c78'], [0.75, '#bcae6c'], [1, '#fee838']];

function axis(title, more) {
  return {
    title: { text: title, standoff: 8 }, gridcolor: colour('grid'), linecolor: colour('line'), zeroline: false,
    showline: true, ticks: 'outside', tickcolor: colour('line'), automargin: true, ...more,
  };
}

function layout(more) {
  return {
    font: { family: getComputedStyle(document.body).fontFamily, size: 14, color: colour('ink') },
    paper_bgcolor: colour('card'), plot_bgcolor: colour('card'), margin: { l: 60, r: 20, t: 30, b: 50 },
    hoverlabel: { bgcolor: colour('card'), bordercolor: colour('line'), font: { color: colour('ink') } },
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' }, ...more,
  };
}

/* A figure on a telephone: panels go below one another, and titles are short. */
const narrow = (id) => document.getElementById(id).clientWidth < 560;

/* Draws a figure, or draws it anew. summary: what someone hears who cannot see it. */
function draw(id, traces, more, summary) {
  const div = document.getElementById(id);
  div.setAttribute('role', 'img');
  div.setAttribute('aria-label', summary);
  return Plotly.react(div, traces, layout(more), {
    responsive: true, displaylogo: false, modeBarButtonsToRemove: ['lasso2d', 'select2d', 'autoScale2d'],
    toImageButtonOptions: { format: 'svg', filename: `synapsnet-${id.replace('fig-', '')}` },
  });
}
