/** The icon of the panel and its commands: three boxes and the edges between them. */
import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">
<g class="jp-icon3" fill="none" stroke="#616161" stroke-width="1.3"><rect x="1.6" y="6" width="4" height="4" rx="1"/>
<rect x="10.4" y="1.6" width="4" height="4" rx="1"/><rect x="10.4" y="10.4" width="4" height="4" rx="1"/>
<path d="M5.6 8h2.2c1 0 1-4.4 2.6-4.4M7.8 8c1 0 1 4.4 2.6 4.4"/></g></svg>`;

export const dagIcon = new LabIcon({ name: 'nb2dag:dag', svgstr: SVG });
