"use strict";
for (const chart of document.querySelectorAll(".chart")) {
  const { data, layout } = JSON.parse(
    document.getElementById(chart.dataset.content).textContent
  );
  Plotly.newPlot(chart, data, layout, { responsive: true, displaylogo: false });
}
